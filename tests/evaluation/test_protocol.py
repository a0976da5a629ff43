"""Protocols from pictures to result, against slow loops over the pairs; failures to acquire counted."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from worlds import BY_HAND, FAILURES, THRESHOLD, World, counts, make_world, verified, write_pairs

from facenet_app.domain import OperatingPoint
from facenet_app.errors import ImageNotFound, NoFaceFound, UsageError
from facenet_app.evaluation.datasets import Data, folders, lfw, pair_list
from facenet_app.evaluation.measured import Decision
from facenet_app.evaluation.protocol import evaluate_verification
from facenet_app.evaluation.result import SCHEMA, EvaluationResult
from facenet_app.extraction import FaceExtractor


def headline(result: EvaluationResult) -> dict[str, tuple[int, int]]:
    top = verified(result).headline
    rates = {"fmr": top.fmr, "fnmr": top.fnmr, "far": top.far, "frr": top.frr}
    return {name: (rate.errors, rate.trials) for name, rate in rates.items()}


@pytest.mark.parametrize("failures", [(), FAILURES, ("P04/P04_0001.jpg",)])
def test_all_pairs_of_folders(tmp_path: Path, extractor: FaceExtractor, failures: Sequence[str]) -> None:
    world = make_world(tmp_path / "images", (4, 3, 5, 2, 1, 3, 2), failures)
    result = evaluate_verification(folders(world.folder), [world.contestant(extractor, BY_HAND)], {})
    expected = counts(world.pairs())
    assert headline(result) == expected
    assert 0 < expected["fnmr"][0] < expected["fnmr"][1]
    assert [failure.path for failure in result.main.failures] == list(failures)
    assert {failure.code for failure in result.main.failures} <= {"no_face"}
    data = result.dataset
    assert (data.pictures, data.people) == (20, 7)
    assert (data.mated_pairs, data.non_mated_pairs) == (expected["frr"][1], expected["far"][1])
    top = verified(result).headline
    assert top.excluded_mated == expected["frr"][1] - expected["fnmr"][1]
    assert top.excluded_non_mated == expected["far"][1] - expected["fmr"][1]


def test_a_list_of_pairs_gives_the_same(world: World, extractor: FaceExtractor, tmp_path: Path) -> None:
    pairs = world.pairs()
    listed = pair_list(write_pairs(tmp_path / "all.csv", pairs), world.folder)
    contestant = world.contestant(extractor, BY_HAND)
    result = evaluate_verification(listed, [contestant], {})
    whole = evaluate_verification(folders(world.folder), [contestant], {})
    assert headline(result) == headline(whole) == counts(pairs)
    one, other = verified(result), verified(whole)
    assert one.eer == pytest.approx(other.eer)
    assert one.auc == pytest.approx(other.auc)
    np.testing.assert_array_equal(one.histogram.mated, other.histogram.mated)
    np.testing.assert_array_equal(one.histogram.non_mated, other.histogram.non_mated)
    assert [pair.distance for pair in one.worst_mated] == [pair.distance for pair in other.worst_mated]
    assert one.headline.accuracy is None
    assert result.dataset.people is None
    assert "does not say who is who" in result.warnings[0]


def slow_accuracy(pairs: Sequence[tuple[str, str, bool, float]], train: Sequence[int], test: int) -> float:
    """The share of fold ``test`` decided rightly with the threshold that is best on folds ``train``."""
    training = [pair for number, pair in enumerate(pairs) if number % 5 in train]
    known = sorted((distance, mated) for _, _, mated, distance in training if not np.isnan(distance))
    best, threshold = -1, 0.0
    for index, (distance, _) in enumerate(known):
        right = sum((other <= distance) == mated for other, mated in known)
        if right > best:
            following = known[min(index + 1, len(known) - 1)][0]
            best, threshold = right, (distance + following) / 2
    tested = [pair for number, pair in enumerate(pairs) if number % 5 == test]
    return sum((not np.isnan(d)) and (d <= threshold) == mated for _, _, mated, d in tested) / len(tested)


def test_folds_are_decided_by_the_others(world: World, extractor: FaceExtractor, tmp_path: Path) -> None:
    pairs = world.pairs()
    listed = pair_list(write_pairs(tmp_path / "folds.csv", pairs, folds=5), world.folder)
    accuracy = verified(
        evaluate_verification(listed, [world.contestant(extractor, BY_HAND)], {})
    ).headline.accuracy
    assert accuracy is not None
    expected = [slow_accuracy(pairs, [other for other in range(5) if other != k], k) for k in range(5)]
    assert [fold.right / fold.pairs for fold in accuracy.folds] == pytest.approx(expected)
    assert accuracy.value == pytest.approx(np.mean(expected))
    assert accuracy.standard_error == pytest.approx(np.std(expected, ddof=1) / np.sqrt(5))
    assert 0.5 < accuracy.value < 1


LFW_TEST = "2\nP00\t1\t3\nP01\t1\t2\nP00\t1\tP01\t3\nP02\t2\tP05\t1\n"
LFW_TRAIN = "2\nP02\t1\t4\nP05\t2\t3\nP02\t1\tP06\t1\nP02\t5\tP03\t2\n"


def test_view_1_is_trained_and_tested(world: World, extractor: FaceExtractor) -> None:
    home = world.folder.parent
    (home / "pairsDevTrain.txt").write_text(LFW_TRAIN)
    (home / "pairsDevTest.txt").write_text(LFW_TEST)
    result = evaluate_verification(lfw("lfw-view1", home), [world.contestant(extractor, BY_HAND)], {})
    assert result.dataset.kind == "lfw-view1"
    assert (result.dataset.mated_pairs, result.dataset.non_mated_pairs) == (2, 2)
    accuracy = verified(result).headline.accuracy
    assert accuracy is not None
    assert accuracy.rate is not None
    train = [world.distance("P02/P02_0001.jpg", "P02/P02_0004.jpg")]
    train.append(world.distance("P05/P05_0002.jpg", "P05/P05_0003.jpg"))
    refused = [world.distance("P02/P02_0001.jpg", "P06/P06_0001.jpg")]
    refused.append(world.distance("P02/P02_0005.jpg", "P03/P03_0002.jpg"))
    assert max(train) < min(refused), "this world is meant to be separable in training"
    threshold = (max(train) + min(refused)) / 2
    test = [("P00/P00_0001.jpg", "P00/P00_0003.jpg", True), ("P01/P01_0001.jpg", "P01/P01_0002.jpg", True)]
    test += [
        ("P00/P00_0001.jpg", "P01/P01_0003.jpg", False),
        ("P02/P02_0002.jpg", "P05/P05_0001.jpg", False),
    ]
    right = sum((world.distance(one, other) <= threshold) == mated for one, other, mated in test)
    assert (accuracy.rate.errors, accuracy.rate.trials) == (right, 4)
    assert f"{threshold:.4f}" in accuracy.threshold_from


def test_view_2_and_all_pairs_of_lfw(world: World, extractor: FaceExtractor) -> None:
    home = world.folder.parent
    (home / "pairs.txt").write_text("2\t" + LFW_TEST + LFW_TRAIN[2:])
    contestants = [world.contestant(extractor, BY_HAND)]
    view2 = evaluate_verification(lfw("lfw", home), contestants, {})
    accuracy = verified(view2).headline.accuracy
    assert accuracy is not None
    assert [fold.pairs for fold in accuracy.folds] == [4, 4]
    assert view2.dataset.people == 6
    everything = evaluate_verification(lfw("lfw-all", home), contestants, {})
    assert headline(everything) == counts(world.pairs())
    assert everything.dataset.name == "Labeled Faces in the Wild"
    with pytest.raises(UsageError, match="no protocol 'lfw3'"):
        lfw("lfw3", home)


def test_where_the_threshold_comes_from(world: World, extractor: FaceExtractor) -> None:
    data = folders(world.folder)

    def top(decision: Decision) -> tuple[float, str]:
        part = verified(evaluate_verification(data, [world.contestant(extractor, decision)], {}))
        return part.headline.threshold, part.headline.threshold_from

    assert top(BY_HAND) == (THRESHOLD, "given by hand")
    point = OperatingPoint(1.0, "f", target_fmr=1e-3, dataset="a test")
    assert top(Decision(1e-3, point)) == (
        1.0,
        "the model's operating point for FMR 0.001, measured on a test",
    )
    threshold, origin = top(Decision(0.05))
    assert "on this very data" in origin
    non_mated = [pair[3] for pair in world.pairs() if not pair[2] and not np.isnan(pair[3])]
    assert sum(each <= threshold for each in non_mated) == int(0.05 * len(non_mated))
    with pytest.raises(UsageError, match="insufficient data"):
        top(Decision(1e-5))


def test_rates_that_the_data_cannot_support(world: World, extractor: FaceExtractor) -> None:
    point = OperatingPoint(1.0, extractor.fingerprint, target_fmr=1e-3)
    part = verified(
        evaluate_verification(
            folders(world.folder), [world.contestant(extractor, Decision(1e-3, point, (point,)))], {}
        )
    )
    assert [row.target_fmr for row in part.rates] == [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
    assert part.rates[0].tar is not None
    for row in part.rates[2:]:
        assert row.threshold is row.fmr is row.fnmr is row.tar is None
        assert f"{row.target_fmr:g} needs at least" in row.reason
    (check,) = part.points
    assert check.fmr.errors == sum(
        pair[3] <= 1.0 for pair in world.pairs() if not pair[2] and not np.isnan(pair[3])
    )


@pytest.mark.parametrize("listed", [False, True])
def test_the_noisier_model_loses(
    tmp_path: Path, extractor: FaceExtractor, listed: bool, world: World
) -> None:
    world = make_world(tmp_path / "people", (6,) * 12, FAILURES, spread=0.45)
    data = folders(world.folder)
    if listed:
        data = pair_list(write_pairs(tmp_path / "all.csv", world.pairs(), folds=4), world.folder)
    good = world.contestant(extractor, Decision(0.01), recipe="good")
    bad = world.contestant(extractor, Decision(0.01), noise=0.18, recipe="bad")
    result = evaluate_verification(data, [good, bad], {})
    assert len(result.models) == 2
    assert len(result.comparisons) == 1 + listed
    for each in result.comparisons:
        assert 0 < each.low < each.difference < each.high
        assert each.p_value < 0.05
        assert " is better than " in each.verdict
    same = evaluate_verification(data, [good, good], {})
    assert all(each.difference == 0 and "do not show" in each.verdict for each in same.comparisons)


def test_the_document_is_stable_and_holds_no_embedding(world: World, extractor: FaceExtractor) -> None:
    contestant = world.contestant(extractor, BY_HAND)
    result = evaluate_verification(folders(world.folder), [contestant], {"seed": 0})
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["schema"] == SCHEMA == 1
    assert set(document) == {
        "schema", "dataset", "measured_on", "version", "settings", "models", "comparisons", "warnings",
    }  # fmt: skip
    model = document["models"][0]
    assert model["cached"] == 20
    assert model["fingerprint"] == extractor.fingerprint
    curve = model["verification"]["curve"]
    assert np.all(np.diff(curve["fmr"]) >= 0)
    assert np.all(np.diff(curve["fnmr"]) <= 0)
    first = float(world.vectors[0, 0])
    assert f"{first:.6f}"[:7] not in json.dumps(document)


def test_what_is_missing_is_said(world: World, extractor: FaceExtractor, tmp_path: Path) -> None:
    (world.folder / "P02/P02_0003.jpg").unlink()
    table = write_pairs(tmp_path / "all.csv", world.pairs())
    with pytest.raises(ImageNotFound, match=r"1 of the 20 pictures .* P02/P02_0003\.jpg"):
        pair_list(table, world.folder)
    nobody = make_world(
        tmp_path / "nobody", (2, 2), [f"P0{p}/P0{p}_000{n}.jpg" for p in (0, 1) for n in (1, 2)]
    )
    with pytest.raises(NoFaceFound):
        evaluate_verification(folders(nobody.folder), [nobody.contestant(extractor, BY_HAND)], {})
    lonely = make_world(tmp_path / "lonely", (2, 2), ["P00/P00_0001.jpg", "P01/P01_0001.jpg"])
    with pytest.raises(UsageError, match="no mated pairs with a face in both"):
        evaluate_verification(folders(lonely.folder), [lonely.contestant(extractor, BY_HAND)], {})
    alone = make_world(tmp_path / "alone", (2, 2), ["P01/P01_0001.jpg", "P01/P01_0002.jpg"])
    with pytest.raises(UsageError, match="no non-mated pairs with a face in both"):
        evaluate_verification(folders(alone.folder), [alone.contestant(extractor, BY_HAND)], {})


@pytest.mark.lfw
@pytest.mark.parametrize(
    ("protocol", "pictures", "pairs"), [("lfw", 7701, 6000), ("lfw-view1", 4992, 3200), ("lfw-all", 13233, 0)]
)
def test_the_protocols_of_lfw(lfw: Path, protocol: str, pictures: int, pairs: int) -> None:
    from facenet_app.evaluation import datasets

    data: Data = datasets.lfw(protocol, lfw.parent)
    assert len(data.paths) == pictures
    assert (0 if data.listed is None else len(data.listed)) == pairs
