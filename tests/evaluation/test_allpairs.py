"""All pairs by tiles against all pairs by a loop."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation import tiles as tiling
from facenet_app.evaluation.allpairs import PairCounts, all_pairs
from facenet_app.evaluation.rates import PairDistances

PEOPLE = 40


@pytest.fixture(scope="module")
def faces() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Clusters on a sphere, in mixed order, people of 1 … 9 pictures, one picture there twice."""
    rng = np.random.default_rng(3)
    identities = rng.permutation(np.repeat(np.arange(PEOPLE) * 5 - 20, 1 + np.arange(PEOPLE) % 9))
    centers = rng.normal(size=(PEOPLE, 12))
    vectors = centers[(identities + 20) // 5] + 0.5 * rng.normal(size=(identities.size, 12))
    vectors[1] = vectors[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), identities


def loop(
    vectors: NDArray[np.float32], identities: NDArray[np.int64]
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Distances of the mated and the non-mated pairs, by rows."""
    mated, non_mated = {}, {}
    for i, j in combinations(range(len(vectors)), 2):
        kind = mated if identities[i] == identities[j] else non_mated
        kind[i, j] = float(np.linalg.norm(vectors[i].astype(np.float64) - vectors[j]))
    return mated, non_mated


@pytest.fixture(scope="module")
def reference(
    faces: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    return loop(*faces)


@pytest.fixture(params=[(1024, 8192), (7, 13), (1, 1), (50, 3)])
def tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "TILE", request.param)


@pytest.mark.usefixtures("tiles")
@pytest.mark.parametrize("max_fmr", [1e-2, 0.1, 1])
def test_every_kept_pair_and_count_is_the_loops(
    faces: tuple[NDArray[np.float32], NDArray[np.int64]],
    reference: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]],
    max_fmr: float,
) -> None:
    mated, non_mated = reference
    counts = all_pairs(*faces, max_fmr=max_fmr, at_least=0)
    assert counts.non_mated_pairs == len(non_mated) == counts.non_mated_bins.sum()
    assert rows_with_distances(counts.mated_rows, counts.subjects.mated) == pytest.approx(mated, abs=1e-12)
    near = {rows: distance for rows, distance in non_mated.items() if distance <= counts.subjects.limit}
    assert rows_with_distances(counts.non_mated_rows, counts.subjects.non_mated) == pytest.approx(
        near, abs=1e-12
    )
    pairs, everything = counts.distances(), PairDistances(list(mated.values()), list(non_mated.values()))
    assert pairs.complete == (max_fmr == 1)
    assert pairs.highest_fmr >= min(1.5 * max_fmr, 1)
    for fmr in (max_fmr, max_fmr / 2):
        assert pairs.threshold_at(fmr) == pytest.approx(everything.threshold_at(fmr), abs=1e-12)
        assert pairs.tar_at(fmr) == everything.tar_at(fmr)


def rows_with_distances(
    rows: NDArray[np.int32], distances: NDArray[np.float64]
) -> dict[tuple[int, int], float]:
    assert np.all(np.diff(distances) >= 0)
    return {(int(i), int(j)): float(d) for (i, j), d in zip(rows, distances, strict=True)}


@pytest.fixture(scope="module")
def counts(faces: tuple[NDArray[np.float32], NDArray[np.int64]]) -> PairCounts:
    return all_pairs(*faces, max_fmr=0.05, at_least=0)


def test_people_are_those_of_the_rows(
    faces: tuple[NDArray[np.float32], NDArray[np.int64]], counts: PairCounts
) -> None:
    names = np.unique(faces[1])
    assert np.array_equal(names[counts.person], faces[1])
    assert np.array_equal(counts.person[counts.mated_rows].T, [counts.subjects.mated_person] * 2)
    assert np.array_equal(counts.person[counts.non_mated_rows], counts.subjects.non_mated_people)


def test_the_worst_pairs_come_first(
    counts: PairCounts, reference: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]
) -> None:
    mated, non_mated = reference
    worst = [(pair.first, pair.second) for pair in counts.worst_mated(5)]
    assert worst == sorted(mated, key=mated.__getitem__, reverse=True)[:5]
    nearest = [(pair.first, pair.second) for pair in counts.nearest_non_mated(5)]
    assert nearest == sorted(non_mated, key=non_mated.__getitem__)[:5]
    assert counts.worst_mated(1)[0].distance == pytest.approx(max(mated.values()))
    assert len(counts.worst_mated(10**6)) == len(mated)


def test_groups_are_counted_within_and_across(
    faces: tuple[NDArray[np.float32], NDArray[np.int64]],
    counts: PairCounts,
    reference: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]],
) -> None:
    mated, non_mated = reference
    limit = counts.subjects.limit
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, faces[1].size)  # pictures of one person in several groups, too
    for wanted, part in (
        ((0, 0), counts.among(group == 0)),
        ((0, 1), counts.across(group == 0, group == 1)),
        ((1, 2), counts.across(group == 2, group == 1)),
    ):
        inside = {rows for rows in {**mated, **non_mated} if sorted(group[list(rows)]) == list(wanted)}
        assert part.non_mated_pairs == len(inside & non_mated.keys())
        assert part.mated == pytest.approx(sorted(mated[rows] for rows in inside & mated.keys()))
        near = sorted(non_mated[rows] for rows in inside & non_mated.keys() if non_mated[rows] <= limit)
        assert part.non_mated == pytest.approx(near)
    with pytest.raises(ValueError, match="in common"):
        counts.across(group == 0, group <= 1)


@pytest.mark.parametrize("max_fmr", [1e-3, 1e-2, 0.05, 1])
def test_the_area_lies_within_its_bounds(
    faces: tuple[NDArray[np.float32], NDArray[np.int64]],
    reference: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]],
    max_fmr: float,
) -> None:
    mated, non_mated = reference
    area = PairDistances(list(mated.values()), list(non_mated.values())).auc()
    low, high = all_pairs(*faces, max_fmr=max_fmr, at_least=0).auc_bounds()
    assert low - 1e-12 <= area <= high + 1e-12
    assert high - low < 1e-3
    if max_fmr == 1:
        assert low == high == pytest.approx(area)


def test_the_histogram_counts_every_pair(
    counts: PairCounts, reference: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]
) -> None:
    histogram = counts.histogram(50)
    assert histogram.edges[[0, 1, -1]] == pytest.approx([0, 0.04, 2])
    for drawn, distances in zip((histogram.mated, histogram.non_mated), reference, strict=True):
        assert drawn.tolist() == np.histogram(list(distances.values()), histogram.edges)[0].tolist()


def test_small_data_is_held_whole_and_beyond_the_limit_is_refused(
    faces: tuple[NDArray[np.float32], NDArray[np.int64]], counts: PairCounts
) -> None:
    assert all_pairs(*faces).distances().complete
    with pytest.raises(UsageError, match="beyond the nearest"):
        counts.distances().threshold_at(0.5)


def test_one_kind_only_is_refused_when_rates_are_asked() -> None:
    vectors = np.eye(3, dtype=np.float32)
    with pytest.raises(UsageError, match="no mated pairs"):
        all_pairs(vectors, [0, 1, 2]).distances()
    with pytest.raises(UsageError, match="no non-mated pairs"):
        all_pairs(vectors, [7, 7, 7]).distances()


@pytest.mark.parametrize(
    ("vectors", "identities"),
    [
        (np.eye(3, dtype=np.float32), [0, 1]),
        (np.full((2, 3), np.nan, np.float32), [0, 1]),
        (2 * np.eye(3, dtype=np.float32), [0, 1, 1]),
        (np.ones(3, np.float32), [0, 1, 1]),
    ],
)
def test_what_is_no_table_of_unit_vectors_is_refused(
    vectors: NDArray[np.float32], identities: list[int]
) -> None:
    with pytest.raises(ValueError, match="vectors"):
        all_pairs(vectors, identities)
