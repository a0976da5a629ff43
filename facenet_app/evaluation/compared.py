"""The pairs of a protocol with their distances, whether they were listed or are all there are."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.allpairs import PairCounts, all_pairs
from facenet_app.evaluation.curves import Histogram
from facenet_app.evaluation.pairs import PairList
from facenet_app.evaluation.subjects import SubjectPairs

__all__ = ["AllPairs", "Compared", "ListedPairs"]

Rows = NDArray[np.integer]

FEW_PAIRS = 20_000_000
"""Up to so many non-mated pairs, FMR up to 0.1 is told; with more pairs only up to 0.01."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared(ABC):
    """Pairs among N pictures.

    Attributes:
        pairs: those in which both faces were found.
        system: all of them; a missing face makes the distance infinite, so that rates at a threshold
            are FAR and FRR.
        mated_rows: int (M, 2), which pictures each mated pair of ``pairs`` is of, in their order.
        non_mated_rows: int (K, 2), the same for the non-mated pairs that ``pairs`` lists.
    """

    pairs: SubjectPairs
    system: SubjectPairs
    mated_rows: Rows
    non_mated_rows: Rows

    @property
    def excluded(self) -> tuple[int, int]:
        """Numbers of mated and of non-mated pairs that lack a face."""
        return (
            self.system.mated.size - self.pairs.mated.size,
            self.system.non_mated_pairs - self.pairs.non_mated_pairs,
        )

    @abstractmethod
    def among(self, rows: NDArray[np.bool_]) -> SubjectPairs:
        """Only pairs of two pictures of these, bool (N,); pairs without two faces are left out."""

    @abstractmethod
    def across(self, rows: NDArray[np.bool_], others: NDArray[np.bool_]) -> SubjectPairs:
        """Only pairs with one picture of either set; no picture is in both."""

    @abstractmethod
    def histogram(self) -> Histogram:
        """For drawing: 100 bins from 0 to 2."""

    @abstractmethod
    def auc(self) -> float | None:
        """Area under the ROC, or None if it is not known to five digits."""


@dataclass(frozen=True, slots=True, eq=False)
class ListedPairs(Compared):
    """The pairs of a list. ``distances`` float64 (P,) are in its order, NaN where a face is missing."""

    distances: NDArray[np.float64]

    @classmethod
    def of(cls, listed: PairList, vectors: NDArray[np.float32], use: NDArray[np.bool_]) -> "ListedPairs":
        """The pairs ``use``, bool (P,), of a list; ``vectors`` float32 (N, D), NaN without a face.

        Raises:
            UsageError: no pair of one kind has two faces.
        """
        distances = distances_of(listed, vectors)
        whole = np.where(np.isnan(distances), np.inf, distances)[use]
        probe, reference = listed.probe[use], listed.reference[use]
        people = listed.person[probe], listed.person[reference]
        found = np.isfinite(whole)
        order = np.argsort(whole[found], kind="stable")  # as the pairs are sorted
        rows = np.stack([probe, reference], axis=1)[found][order]
        mated = listed.mated[use][found][order]
        _require_both(mated)
        return cls(
            pairs=SubjectPairs.from_list(whole[found], people[0][found], people[1][found]),
            system=SubjectPairs.from_list(whole, *people),
            mated_rows=rows[mated],
            non_mated_rows=rows[~mated],
            distances=distances,
        )

    def among(self, rows: NDArray[np.bool_]) -> SubjectPairs:
        def within(pairs: Rows) -> NDArray[np.bool_]:
            first, second = pairs.T
            both: NDArray[np.bool_] = rows[first] & rows[second]
            return both

        return self._only(within(self.mated_rows), within(self.non_mated_rows))

    def across(self, rows: NDArray[np.bool_], others: NDArray[np.bool_]) -> SubjectPairs:
        def crosses(pairs: Rows) -> NDArray[np.bool_]:
            first, second = pairs.T
            both: NDArray[np.bool_] = (rows[first] & others[second]) | (others[first] & rows[second])
            return both

        return self._only(crosses(self.mated_rows), crosses(self.non_mated_rows))

    def histogram(self) -> Histogram:
        edges = np.linspace(0, 2, 101)
        mated, non_mated = (
            np.histogram(distances, edges)[0].astype(np.int64)
            for distances in (self.pairs.mated, self.pairs.non_mated)
        )
        return Histogram(edges, mated, non_mated)

    def auc(self) -> float:
        return self.pairs.distances().auc()

    def _only(self, mated: NDArray[np.bool_], non_mated: NDArray[np.bool_]) -> SubjectPairs:
        whole = self.pairs
        return replace(
            whole,
            mated=whole.mated[mated],
            mated_person=whole.mated_person[mated],
            non_mated=whole.non_mated[non_mated],
            non_mated_people=whole.non_mated_people[non_mated],
        )


@dataclass(frozen=True, slots=True, eq=False)
class AllPairs(Compared):
    """Every picture with every other one. ``found`` is bool (N,), ``counts`` of those pictures only."""

    found: NDArray[np.bool_]
    counts: PairCounts

    @classmethod
    def of(
        cls, vectors: NDArray[np.float32], identities: NDArray[np.int64], found: NDArray[np.bool_]
    ) -> "AllPairs":
        """All pairs of ``vectors`` float32 (N, D) of people ``identities`` int (N,), from 0.

        Raises:
            UsageError: no pair of one kind has two faces.
        """
        used = int(found.sum())
        max_fmr = 0.1 if used * (used - 1) / 2 <= FEW_PAIRS else 0.01
        counts = all_pairs(vectors[found], identities[found], max_fmr=max_fmr)
        _require_both(np.repeat([True, False], [counts.subjects.mated.size, counts.non_mated_pairs > 0]))
        rows = np.flatnonzero(found)
        return cls(
            pairs=counts.subjects,
            system=counts.subjects if found.all() else _with_failures(counts, identities, found),
            mated_rows=rows[counts.mated_rows],
            non_mated_rows=rows[counts.non_mated_rows],
            found=found,
            counts=counts,
        )

    def among(self, rows: NDArray[np.bool_]) -> SubjectPairs:
        return self.counts.among(rows[self.found])

    def across(self, rows: NDArray[np.bool_], others: NDArray[np.bool_]) -> SubjectPairs:
        return self.counts.across(rows[self.found], others[self.found])

    def histogram(self) -> Histogram:
        return self.counts.histogram()

    def auc(self) -> float | None:
        least, most = self.counts.auc_bounds()
        return (least + most) / 2 if most - least < 1e-5 else None


def distances_of(listed: PairList, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance of each pair, float64 (P,); NaN where a face is missing."""
    distances = np.empty(len(listed))
    for start in range(0, len(listed), 65_536):
        part = slice(start, start + 65_536)
        difference = vectors[listed.probe[part]].astype(np.float64) - vectors[listed.reference[part]]
        distances[part] = np.linalg.norm(difference, axis=1)
    return distances


def _with_failures(
    counts: PairCounts, identities: NDArray[np.int64], found: NDArray[np.bool_]
) -> SubjectPairs:
    """The pairs again, with those of pictures without a face at an infinite distance."""
    people = int(identities.max()) + 1
    number = np.unique(identities[found])  # of the people in counts
    pictures, with_face = (
        np.bincount(each, minlength=people).astype(np.float64) for each in (identities, identities[found])
    )
    missing = (pictures * (pictures - 1) - with_face * (with_face - 1)).astype(np.int64) // 2
    subjects = counts.subjects
    return SubjectPairs(
        people=people,
        mated=np.concatenate([subjects.mated, np.full(missing.sum(), np.inf)]),
        mated_person=np.concatenate([number[subjects.mated_person], np.repeat(np.arange(people), missing)]),
        non_mated=subjects.non_mated,
        non_mated_people=number[subjects.non_mated_people],
        pictures=np.stack([pictures, pictures / 2]),
        # What was not kept is farther away than the limit, and what lacks a face at no distance.
        limit=subjects.limit if np.isfinite(subjects.limit) else 2.0,
    )


def _require_both(mated: NDArray[np.bool_]) -> None:
    for kind, there in (("mated", mated.any()), ("non-mated", not mated.all())):
        if not there:
            raise UsageError(
                f"there are no {kind} pairs with a face in both pictures",
                "give pictures with both kinds of pairs",
            )
