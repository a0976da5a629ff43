"""Where it goes wrong: examples, groups and quality, against slow loops over the pairs."""

from pathlib import Path

import numpy as np
import pytest
from worlds import BY_HAND, THRESHOLD, World, counts, make_world, person, verified, write_pairs

from facenet_app.errors import UsageError
from facenet_app.evaluation.datasets import folders, pair_list, with_attributes
from facenet_app.evaluation.protocol import evaluate_verification
from facenet_app.extraction import FaceExtractor


def no_more_than_two_alike(pairs: list[tuple[str, str, bool, float]]) -> list[tuple[str, str, bool, float]]:
    """In order, but no picture in a third mated pair and no two people in a third non-mated one."""
    chosen: list[tuple[str, str, bool, float]] = []
    for one, other, mated, distance in pairs:
        if mated:
            alike = max(sum(each in pair[:2] for pair in chosen) for each in (one, other))
        else:
            people = {person(one), person(other)}
            alike = sum({person(pair[0]), person(pair[1])} == people for pair in chosen)
        if alike < 2:
            chosen.append((one, other, mated, distance))
    return chosen[:24]


def test_examples_are_the_most_wrong_pairs_but_not_one_fault_over_and_over(
    world: World, extractor: FaceExtractor
) -> None:
    part = verified(evaluate_verification(folders(world.folder), [world.contestant(extractor, BY_HAND)], {}))
    found = [pair for pair in world.pairs() if not np.isnan(pair[3])]
    farthest = no_more_than_two_alike(sorted((pair for pair in found if pair[2]), key=lambda pair: -pair[3]))
    nearest = no_more_than_two_alike(
        sorted((pair for pair in found if not pair[2]), key=lambda pair: pair[3])
    )
    for examples, expected in ((part.worst_mated, farthest), (part.nearest_non_mated, nearest)):
        assert [{example.probe, example.reference} for example in examples] == [
            {pair[0], pair[1]} for pair in expected
        ]
        assert [example.distance for example in examples] == pytest.approx([pair[3] for pair in expected])


def test_groups_at_the_common_threshold(world: World, extractor: FaceExtractor, tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    group = {"P00": "a", "P01": "a", "P02": "b", "P03": "b", "P05": "b", "P06": ""}
    table.write_text("identity,group\n" + "".join(f"{who},{value}\n" for who, value in group.items()))
    group["P04"] = ""
    contestant = world.contestant(extractor, BY_HAND)
    pairs = world.pairs()
    for data in (folders(world.folder), pair_list(write_pairs(tmp_path / "all.csv", pairs), world.folder)):
        (result,) = verified(evaluate_verification(with_attributes(data, table), [contestant], {})).subgroups
        assert (result.attribute, result.threshold, result.unlabelled) == ("group", THRESHOLD, 3)
        assert [(row.value, row.other, row.pictures) for row in result.rows] == [
            ("a", None, 7),
            ("b", None, 10),
            ("a", "b", 17),
        ]
        for row in result.rows:
            wanted = [row.value, row.other or row.value]
            within = [
                pair for pair in pairs if sorted(group[person(name)] for name in pair[:2]) == sorted(wanted)
            ]
            expected = counts(within)
            assert row.fmr is not None
            assert (row.fmr.errors, row.fmr.trials) == expected["fmr"]
            if row.other is None:
                assert row.fnmr is not None
                assert (row.fnmr.errors, row.fnmr.trials) == expected["fnmr"]
            else:
                assert row.fnmr is None


def test_an_attribute_that_is_no_group_is_refused(tmp_path: Path, extractor: FaceExtractor) -> None:
    world = make_world(tmp_path / "images", (1,) * 51 + (2,))
    table = tmp_path / "names.csv"
    table.write_text("identity,name\n" + "".join(f"P{number:02},{number}\n" for number in range(52)))
    with pytest.raises(UsageError, match="52 values"):
        evaluate_verification(
            with_attributes(folders(world.folder), table), [world.contestant(extractor, BY_HAND)], {}
        )


def test_a_pair_is_as_good_as_its_poorer_picture(
    world: World, extractor: FaceExtractor, tmp_path: Path
) -> None:
    pairs = [pair for pair in world.pairs() if not np.isnan(pair[3])]
    quality = {name: float(values[1]) for name, values in zip(world.names, world.measures, strict=True)}
    turned = {name: float(values[5]) for name, values in zip(world.names, world.measures, strict=True)}
    listed = pair_list(write_pairs(tmp_path / "all.csv", world.pairs()), world.folder)
    part = verified(evaluate_verification(listed, [world.contestant(extractor, BY_HAND)], {}))
    for measure, poorer in (
        ("eye_distance", lambda pair: min(quality[pair[0]], quality[pair[1]])),
        ("pose", lambda pair: max(turned[pair[0]], turned[pair[1]])),
    ):
        (errors,) = [each for each in part.quality if each.measure == measure]
        for bin_ in errors.bins:
            expected = counts(pair for pair in pairs if bin_.low <= poorer(pair) < bin_.high)
            for rate, name in ((bin_.fnmr, "fnmr"), (bin_.fmr, "fmr")):
                assert (rate.errors, rate.trials) == expected[name] if rate else expected[name] == (0, 0)
        assert sum(bin_.fnmr.trials for bin_ in errors.bins if bin_.fnmr) == sum(pair[2] for pair in pairs)
        (curve,) = [each for each in part.rejects if each.measure == measure]
        mated = sorted((pair for pair in pairs if pair[2]), key=poorer, reverse=measure == "pose")
        for share, fnmr, ideal in zip(curve.rejected, curve.fnmr, curve.ideal, strict=True):
            kept = mated[round(share * len(mated)) :]
            assert fnmr == pytest.approx(sum(pair[3] > THRESHOLD for pair in kept) / len(kept))
            assert ideal <= fnmr + 1e-12
