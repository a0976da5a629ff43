"""All pairs of labelled embeddings, counted exactly without holding them all.

N pictures make N (N - 1) / 2 pairs, far too many to keep: 87.5 million for Labeled Faces in the Wild.
:mod:`facenet_app.evaluation.tiles` goes through all of them twice. The first pass fills a fine histogram
of the non-mated distances, the second collects every non-mated pair up to a limit that the histogram
gives, wide enough for the highest FMR asked for. What was collected, and every mated pair, is computed
again in float64, so no reported rate is an approximation.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facenet_app.evaluation.curves import Histogram
from facenet_app.evaluation.rates import PairDistances
from facenet_app.evaluation.subjects import SubjectPairs
from facenet_app.evaluation.tiles import (
    BINS,
    NORM_TOLERANCE,
    count_distances,
    limit_of,
    mated_pairs,
    nearest_pairs,
    sorted_exactly,
)

__all__ = ["PairCounts", "RowPair", "all_pairs"]

AT_LEAST: Final = 1_000_000
"""So many non-mated pairs are kept in any case: small data sets are held whole."""
HEADROOM: Final = 1.5
"""More are kept than the highest FMR needs, because resampled people have other thresholds."""


@dataclass(frozen=True, slots=True)
class RowPair:
    """A pair of rows of the vectors, and their distance."""

    first: int
    second: int
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class PairCounts:
    """All mated pairs, the nearest non-mated ones, and how the others are distributed.

    ``subjects`` has the distances with the people, ``mated_rows`` int32 (M, 2) and
    ``non_mated_rows`` int32 (K, 2) the rows of the vectors in the same order. ``person`` is int (N,),
    the people numbered from 0. ``non_mated_bins`` int64 (20,000,) counts all non-mated distances in
    bins of 1e-4, each distance to about 1e-6.
    """

    subjects: SubjectPairs
    mated_rows: NDArray[np.int32]
    non_mated_rows: NDArray[np.int32]
    person: NDArray[np.intp]
    non_mated_bins: NDArray[np.int64]

    @property
    def non_mated_pairs(self) -> int:
        return self.subjects.non_mated_pairs

    def distances(self) -> PairDistances:
        """The counting core; it refuses what is beyond the pairs that were kept.

        Raises:
            UsageError: there are no pairs of one kind.
        """
        return self.subjects.distances()

    def worst_mated(self, count: int) -> list[RowPair]:
        """The mated pairs farthest apart, farthest first."""
        last = range(self.subjects.mated.size - 1, -1, -1)[:count]
        return [_row_pair(self.mated_rows[at], self.subjects.mated[at]) for at in last]

    def nearest_non_mated(self, count: int) -> list[RowPair]:
        """The non-mated pairs nearest to each other, nearest first."""
        first = range(self.subjects.non_mated.size)[:count]
        return [_row_pair(self.non_mated_rows[at], self.subjects.non_mated[at]) for at in first]

    def among(self, rows: NDArray[np.bool_]) -> SubjectPairs:
        """Only the pairs within these rows, given as bool (N,): a group at the common threshold."""
        pictures = np.bincount(self.person[rows], minlength=self.subjects.people)
        return self._restricted(
            rows[self.mated_rows[:, 0]] & rows[self.mated_rows[:, 1]],
            rows[self.non_mated_rows[:, 0]] & rows[self.non_mated_rows[:, 1]],
            np.stack([pictures, pictures / 2]),
        )

    def across(self, rows: NDArray[np.bool_], others: NDArray[np.bool_]) -> SubjectPairs:
        """Only the pairs with one picture in each of two sets without common rows, each bool (N,)."""
        if np.any(rows & others):
            raise ValueError("the two sets have rows in common")

        def crosses(pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
            first, second = pairs.T
            crossing: NDArray[np.bool_] = (rows[first] & others[second]) | (others[first] & rows[second])
            return crossing

        sides = [np.bincount(self.person[side], minlength=self.subjects.people) for side in (rows, others)]
        return self._restricted(
            crosses(self.mated_rows), crosses(self.non_mated_rows), np.stack(sides).astype(np.float64)
        )

    def auc_bounds(self) -> tuple[float, float]:
        """The area under the ROC lies between these two, usually less than 1e-5 apart.

        Mated pairs beyond the kept non-mated ones are ranked by the histogram, with a bin on either
        side for its float32 distances. If all pairs were kept, both are the exact area.
        """
        pairs = self.distances()
        if pairs.complete:
            return pairs.auc(), pairs.auc()
        near = pairs.mated[pairs.mated <= self.subjects.limit]
        both = [np.searchsorted(pairs.non_mated, near, side=side).sum() for side in ("left", "right")]
        exact = float(sum(both)) / 2
        beyond = (pairs.mated[near.size :] * (BINS / 2)).astype(np.intp)
        upto = np.r_[0, np.cumsum(self.non_mated_bins)]
        fewest = exact + float(upto[np.clip(beyond - 1, 0, BINS)].sum())
        most = exact + float(upto[np.clip(beyond + 2, 0, BINS)].sum())
        comparisons = pairs.mated.size * pairs.non_mated_pairs
        return float(1 - most / comparisons), float(1 - fewest / comparisons)

    def histogram(self, bins: int = 100) -> Histogram:
        """For drawing: ``bins`` equal bins from 0 to 2, a divisor of 20,000."""
        edges = np.linspace(0, 2, bins + 1)
        return Histogram(
            edges=edges,
            mated=np.histogram(self.subjects.mated, edges)[0].astype(np.int64),
            non_mated=self.non_mated_bins.reshape(bins, -1).sum(axis=1),
        )

    def _restricted(
        self, mated: NDArray[np.bool_], non_mated: NDArray[np.bool_], pictures: NDArray[np.float64]
    ) -> SubjectPairs:
        whole = self.subjects
        return SubjectPairs(
            people=whole.people,
            mated=whole.mated[mated],
            mated_person=whole.mated_person[mated],
            non_mated=whole.non_mated[non_mated],
            non_mated_people=whole.non_mated_people[non_mated],
            pictures=pictures,
            limit=whole.limit,
        )


def all_pairs(
    vectors: NDArray[np.float32], identities: ArrayLike, *, max_fmr: float = 1e-2, at_least: int = AT_LEAST
) -> PairCounts:
    """Compare every picture with every other one.

    Args:
        vectors: float32 (N, D), unit vectors; leave out pictures without a face.
        identities: int (N,), equal for pictures of the same person.
        max_fmr: the highest FMR that must be known exactly; 1 keeps all pairs. 24 bytes for each kept
            pair, and three times that while they are sorted.
        at_least: so many non-mated pairs are kept whatever ``max_fmr`` is.

    Raises:
        ValueError: the shapes do not fit, or a row is not a unit vector to 1e-6.
    """
    names, person = np.unique(np.asarray(identities), return_inverse=True)
    _check(vectors, person)
    # In order of the people, the mated pairs lie beside the diagonal.
    order = np.argsort(person, kind="stable").astype(np.int32)
    ordered = np.ascontiguousarray(vectors[order], np.float32)
    pictures = np.bincount(person)
    bins = count_distances(ordered, person[order])
    limit = limit_of(bins, max(at_least, ceil(HEADROOM * max_fmr * int(bins.sum())) + 1))
    non_mated, non_mated_rows = sorted_exactly(ordered, nearest_pairs(ordered, person[order], limit))
    kept = non_mated <= limit
    mated, mated_rows = sorted_exactly(ordered, mated_pairs(pictures))
    non_mated_rows = np.sort(order[non_mated_rows[kept]], axis=1)
    mated_rows = np.sort(order[mated_rows], axis=1)
    subjects = SubjectPairs(
        people=names.size,
        mated=mated,
        mated_person=person[mated_rows[:, 0]].astype(np.int32),
        non_mated=non_mated[kept],
        non_mated_people=person[non_mated_rows].astype(np.int32),
        pictures=np.stack([pictures, pictures / 2]),
        limit=limit,
    )
    return PairCounts(subjects, mated_rows, non_mated_rows, person, bins)


def _check(vectors: NDArray[np.float32], person: NDArray[np.intp]) -> None:
    if vectors.ndim != 2 or person.shape != vectors.shape[:1]:
        raise ValueError(f"vectors of shape {vectors.shape} for identities of shape {person.shape}")
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    if not (np.abs(norms - 1) <= NORM_TOLERANCE).all():
        raise ValueError("not all rows are unit vectors: leave out pictures without a face")


def _row_pair(rows: NDArray[np.int32], distance: float) -> RowPair:
    return RowPair(int(rows[0]), int(rows[1]), float(distance))
