"""Searches against a slow loop, and what FPIR has to do with FMR."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from facenet_app.comparison.search_threshold import fmr_for_fpir
from facenet_app.errors import UsageError
from facenet_app.evaluation import identification
from facenet_app.evaluation.bootstrap import clustered_rate
from facenet_app.evaluation.identification import SearchSplit, choose_enrolled, search
from facenet_app.evaluation.rates import PairDistances
from facenet_app.evaluation.templates import Strategy, person_distances

Faces = tuple[NDArray[np.float32], NDArray[np.int64]]


def clusters(people: int, pictures: NDArray[np.int64], seed: int, spread: float = 0.7) -> Faces:
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.repeat(np.arange(people), pictures))
    vectors = rng.normal(size=(people, 16))[person] + spread * rng.normal(size=(person.size, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), person * 3 - 7  # identities are any integers


@pytest.fixture(scope="module")
def faces() -> Faces:
    """60 people of 1 … 6 pictures; some pictures have no face."""
    vectors, identities = clusters(60, 1 + np.arange(60) % 6, seed=4)
    vectors[::29] = np.nan
    return vectors, identities


def minimum(probe: NDArray[np.float64], samples: NDArray[np.float64]) -> float:
    return min(float(np.linalg.norm(probe - sample)) for sample in samples)


def mean_of_two(probe: NDArray[np.float64], samples: NDArray[np.float64]) -> float:
    return float(np.mean(sorted(np.linalg.norm(probe - sample) for sample in samples)[:2]))


def centroid(probe: NDArray[np.float64], samples: NDArray[np.float64]) -> float:
    mean = sum(samples)
    return float(np.linalg.norm(probe - mean / np.linalg.norm(mean)))


STRATEGIES = [
    (Strategy.MINIMUM, minimum),
    (Strategy.MEAN_NEAREST, mean_of_two),
    (Strategy.CENTROID, centroid),
]


@pytest.mark.parametrize(("strategy", "by_hand"), STRATEGIES)
def test_searches_are_those_of_a_loop(
    faces: Faces,
    strategy: Strategy,
    by_hand: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identification, "BLOCK", 7)
    vectors, identities = faces
    split = choose_enrolled(identities, 30, seed=1)
    searches = search(vectors, identities, split, strategy)
    enrolled = {
        person: [vectors[row].astype(float) for row in split.samples if identities[row] == person]
        for person in {identities[row] for row in split.samples}
    }
    assert searches.gallery_size == len(enrolled) == 30

    def far(row: int) -> dict[int, float]:
        found = {}
        for person, samples in enrolled.items():
            usable = [sample for sample in samples if not np.isnan(sample).any()]
            blind = np.isnan(vectors[row]).any() or not usable
            found[person] = np.inf if blind else by_hand(vectors[row].astype(float), np.array(usable))
        return found

    for at, row in enumerate(split.mated):
        found = far(row)
        mate = found[identities[row]]
        assert searches.mate_distance[at] == pytest.approx(mate, abs=1e-6)
        place = sum(distance <= mate for distance in found.values()) if np.isfinite(mate) else 31
        assert searches.rank[at] == place
    for at, row in enumerate(split.non_mated):
        assert searches.nearest[at] == pytest.approx(min(far(row).values()), abs=1e-6)
    assert np.isinf(searches.mate_distance).any()
    assert np.isinf(searches.nearest).any()


def test_rates_are_counts_of_the_searches(faces: Faces) -> None:
    vectors, identities = faces
    split = choose_enrolled(identities, 30, seed=1)
    searches = search(vectors, identities, split)
    cmc = searches.cmc(40)
    assert cmc.size == 30
    assert cmc.tolist() == [float((searches.rank <= rank).mean()) for rank in range(1, 31)]
    assert cmc[-1] < 1  # probes without a face are never found
    first = searches.found_within(1)
    assert first == clustered_rate(searches.rank == 1, identities[split.mated])
    assert first.value == cmc[0]
    for target in (0.02, 0.1, 0.5):
        threshold = searches.threshold_at(target)
        fpir, fnir = searches.fpir(threshold), searches.fnir(threshold)
        assert fpir.errors == sum(nearest <= threshold for nearest in searches.nearest)
        assert fpir.trials == split.non_mated.size
        assert fpir.value <= target
        farther = searches.nearest[searches.nearest > threshold].min()
        assert searches.fpir(farther).value > target
        missed = sum(
            rank > 1 or distance > threshold
            for rank, distance in zip(searches.rank, searches.mate_distance, strict=True)
        )
        assert (fnir.errors, fnir.trials) == (missed, split.mated.size)


def test_ties_are_no_success() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 0]]
    # Two people share a vector: the probe of the first is as near to the second.
    identities = np.array([0, 0, 1, 1, 2])
    split = SearchSplit(samples=np.array([0, 2]), mated=np.array([1, 3]), non_mated=np.array([4]))
    assert search(vectors, identities, split).rank.tolist() == [1, 1]
    vectors[2] = vectors[0]
    assert search(vectors, identities, split).rank.tolist() == [2, 2]


def test_few_samples_are_all_taken() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(9, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    person = np.array([0, 1, 1, 1, 2, 2, 2, 2])
    for nearest in (1, 2, 3, 9):
        found = person_distances(vectors[:1], vectors[1:], person, Strategy.MEAN_NEAREST, nearest)
        every = np.linalg.norm(vectors[1:] - vectors[0], axis=1)
        expected = [np.sort(every[person == who])[:nearest].mean() for who in range(3)]
        assert found[0] == pytest.approx(expected, abs=1e-6)


def test_one_sample_a_person_makes_all_strategies_alike(faces: Faces) -> None:
    vectors, identities = faces
    split = choose_enrolled(identities, 30, samples=1)
    results = [search(vectors, identities, split, strategy) for strategy, _ in STRATEGIES]
    for other in results[1:]:
        assert other.mate_distance == pytest.approx(results[0].mate_distance, abs=1e-6)
        assert other.nearest == pytest.approx(results[0].nearest, abs=1e-6)


@pytest.mark.parametrize("samples", [1, 3, 99])
def test_who_is_enrolled_is_drawn_by_seed(faces: Faces, samples: int) -> None:
    identities = faces[1]
    split = choose_enrolled(identities, 20, samples=samples, seed=7)
    rows = np.concatenate([split.samples, split.mated, split.non_mated])
    assert sorted(rows) == list(range(identities.size))
    enrolled, others = set(identities[split.samples]), set(identities[split.non_mated])
    assert len(enrolled) == 20
    assert enrolled == set(identities[split.mated])
    assert not enrolled & others
    for person in enrolled:
        taken = int((identities[split.samples] == person).sum())
        assert taken == min(samples, int((identities == person).sum()) - 1)
    again = choose_enrolled(identities, 20, samples=samples, seed=7)
    assert np.array_equal(again.samples, split.samples)
    assert set(identities[choose_enrolled(identities, 20, seed=8).samples]) != enrolled


def test_too_little_data_says_what_is_missing(faces: Faces) -> None:
    vectors, identities = faces
    with pytest.raises(UsageError, match=r"a gallery of 51 people needs .* there are 50"):
        choose_enrolled(identities, 51)
    with pytest.raises(UsageError, match="gallery of 0"):
        choose_enrolled(identities, 0)
    searches = search(vectors, identities, choose_enrolled(identities, 30))
    with pytest.raises(UsageError, match=r"0.001 needs at least 1,000 searches .* there are \d+"):
        searches.threshold_at(0.001)


def test_a_gallery_without_any_face_finds_nobody() -> None:
    vectors = np.full((4, 3), np.nan, np.float32)
    vectors[2:] = np.eye(3)[0]
    split = SearchSplit(samples=np.array([0]), mated=np.array([1]), non_mated=np.array([2, 3]))
    searches = search(vectors, [0, 0, 1, 2], split)
    assert searches.rank.tolist() == [2]
    assert np.isinf(searches.nearest).all()
    assert searches.fpir(searches.threshold_at(0.5)).errors == 0


def test_probes_of_the_wrong_people_are_refused(faces: Faces) -> None:
    split = choose_enrolled(faces[1], 30)
    for wrong in (
        SearchSplit(split.samples, split.non_mated, split.non_mated),
        SearchSplit(split.samples, split.mated, split.mated),
    ):
        with pytest.raises(ValueError, match="not of the people"):
            search(*faces, wrong)


def test_the_threshold_for_an_fpir_is_that_of_the_corrected_fmr() -> None:
    # One picture of each stranger and sample: comparisons of points in all directions are independent.
    people = 4000
    vectors, identities = clusters(people, np.ones(people, np.int64) + (np.arange(people) < 50), seed=5)
    split = choose_enrolled(identities, 50, samples=1)
    searches = search(vectors, identities, split)
    samples, probes = vectors[split.samples], vectors[split.non_mated]
    every = np.sqrt(np.maximum(2 - 2 * probes.astype(float) @ samples.T.astype(float), 0))
    comparisons = PairDistances([0.0], every)
    for fpir in (0.01, 0.1, 0.5):
        corrected = comparisons.threshold_at(fmr_for_fpir(fpir, 50))
        rate = searches.fpir(corrected)
        assert rate.low <= fpir <= rate.high
        assert searches.fpir(comparisons.threshold_at(fpir)).value > 5 * fpir or fpir == 0.5
