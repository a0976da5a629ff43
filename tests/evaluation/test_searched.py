"""Identification from pictures to result; what a missing face does to it."""

from pathlib import Path

import numpy as np
import pytest
from worlds import BY_HAND, FAILURES, World, make_world

from facenet_app.errors import UsageError
from facenet_app.evaluation.datasets import folders
from facenet_app.evaluation.identification import choose_enrolled
from facenet_app.evaluation.identified import IdentificationResult
from facenet_app.evaluation.result import EvaluationResult
from facenet_app.evaluation.searched import evaluate_identification
from facenet_app.extraction import FaceExtractor


def identified(result: EvaluationResult) -> IdentificationResult:
    assert result.main.identification is not None
    return result.main.identification


def test_against_a_slow_search(tmp_path: Path, extractor: FaceExtractor) -> None:
    world = make_world(tmp_path / "people", (4, 5, 3, 6, 4, 3, 5, 4, 2, 4), FAILURES, spread=0.9)
    data = folders(world.folder)
    result = evaluate_identification(data, [world.contestant(extractor, BY_HAND)], 6, {"seed": 3})
    part = identified(result)
    split = choose_enrolled(data.person, 6, seed=3)
    has_face = np.isfinite(world.vectors[:, 0])

    def nearest(probe: int) -> dict[int, float]:
        """Each person's distance to this probe."""
        people: dict[int, float] = {}
        for sample in split.samples:
            distance = float(np.linalg.norm(world.vectors[probe] - world.vectors[sample]))
            if has_face[probe] and has_face[sample]:
                who = int(data.person[sample])
                people[who] = min(distance, people.get(who, 2))
        return people

    found = {}
    for probe in split.mated:
        people = nearest(probe)
        found[probe] = bool(people) and min(people, key=lambda who: people[who]) == data.person[probe]
    assert part.strategies[0].strategy == "centroid"  # the headline is of what the program does
    first = part.strategies[1]
    assert first.strategy == "minimum"
    assert (first.rank_one.errors, first.rank_one.trials) == (sum(found.values()), len(found))
    assert 0 < first.rank_one.errors < first.rank_one.trials
    assert first.cmc[0] == first.rank_one.value
    strangers = sorted(min(nearest(probe).values(), default=np.inf) for probe in split.non_mated)
    row = first.open_set[0]
    assert row.target_fpir == 0.1
    assert row.threshold is not None
    assert row.fpir is not None
    assert row.fnir is not None
    assert row.fpir.errors == sum(each <= row.threshold for each in strangers)
    assert row.fpir.errors == int(0.1 * len(strangers))
    named = sum(
        right and nearest(probe)[int(data.person[probe])] <= row.threshold for probe, right in found.items()
    )
    assert row.fnir.errors == len(found) - named


def test_counts_and_failures(world: World, extractor: FaceExtractor) -> None:
    data = folders(world.folder)
    result = evaluate_identification(data, [world.contestant(extractor, BY_HAND)], 4, {"seed": 1})
    part = identified(result)
    split = choose_enrolled(data.person, 4, seed=1)
    assert part.gallery_size == 4
    assert (part.samples, part.mated_probes, part.non_mated_probes) == tuple(
        rows.size for rows in (split.samples, split.mated, split.non_mated)
    )
    assert part.samples + part.mated_probes + part.non_mated_probes == len(data.names)
    assert part.failed_samples + part.failed_probes == len(FAILURES)
    assert len(result.main.failures) == len(FAILURES)
    total = result.dataset.mated_pairs + result.dataset.non_mated_pairs
    assert total == part.samples * (part.mated_probes + part.non_mated_probes)
    assert [row.fnir for row in part.strategies[0].open_set] == [None, None, None]
    assert "searches of people who are not enrolled" in part.strategies[0].open_set[2].reason


def test_the_noisier_model_loses(tmp_path: Path, extractor: FaceExtractor) -> None:
    world = make_world(tmp_path / "people", (6,) * 40, spread=0.5)
    good = world.contestant(extractor, BY_HAND, recipe="good")
    bad = world.contestant(extractor, BY_HAND, noise=0.2, recipe="bad")
    result = evaluate_identification(folders(world.folder), [good, bad], 15, {"seed": 0})
    (comparison,) = result.comparisons
    assert 0 < comparison.low < comparison.difference
    assert "false negative identification rate" in comparison.measure
    better, worse = (model.identification for model in result.models)
    assert better is not None
    assert worse is not None
    assert better.strategies[0].rank_one.value > worse.strategies[0].rank_one.value


def test_too_large_a_gallery_is_refused(world: World, extractor: FaceExtractor) -> None:
    with pytest.raises(UsageError, match="a gallery of 7 people"):
        evaluate_identification(folders(world.folder), [world.contestant(extractor, BY_HAND)], 7, {"seed": 0})
