"""The counting core: every error rate comes from exact counts over sorted distances.

FMR and FNMR as in ISO/IEC 19795-1: the share of non-mated pairs at or under the threshold, and the
share of mated pairs above it. Pairs without a usable face are not in here; whoever calls reports
them as failures to acquire.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facenet_app.errors import UsageError

__all__ = ["BestThreshold", "Curve", "PairDistances", "crossing", "highest_threshold"]


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The threshold with the most right decisions, and how many of ``pairs`` those are."""

    threshold: float
    right: int
    pairs: int

    @property
    def accuracy(self) -> float:
        return self.right / self.pairs


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points of a receiver operating characteristic, all arrays float64 (P,), non-decreasing.

    Only corners are kept: a point on the straight line between its neighbors is left out, so
    drawing the polyline loses nothing. DET curves are the same points, ``1 - tar`` over ``fmr``.
    """

    fmr: NDArray[np.float64]
    tar: NDArray[np.float64]
    threshold: NDArray[np.float64]
    """The smallest threshold of each point; of the first point, where nothing matches, one just
    under the nearest pair.
    """


class PairDistances:
    """The distances of mated and of non-mated pairs, each sorted, float64.

    Args:
        mated: the distances of all mated pairs.
        non_mated: those of the non-mated pairs; or, if there are too many to hold, of every one
            at or under some limit.
        non_mated_pairs: how many non-mated pairs there are in all, if ``non_mated`` holds only the
            nearest. Whatever would need the others is then refused, never estimated.

    Raises:
        UsageError: a distance is not a number, or there are no pairs of one kind.
    """

    def __init__(self, mated: ArrayLike, non_mated: ArrayLike, *, non_mated_pairs: int | None = None) -> None:
        self.mated = _sorted(mated, "mated")
        self.non_mated = _sorted(non_mated, "non-mated")
        self.non_mated_pairs = self.non_mated.size if non_mated_pairs is None else non_mated_pairs
        if self.non_mated_pairs < self.non_mated.size:
            raise ValueError(f"{self.non_mated.size} distances of {self.non_mated_pairs} pairs")

    @property
    def complete(self) -> bool:
        """Whether every non-mated distance is here."""
        return self.non_mated.size == self.non_mated_pairs

    @property
    def highest_fmr(self) -> float:
        """The highest FMR that can be told: 1 if all distances are here."""
        return self.non_mated.size / self.non_mated_pairs

    def false_matches(self, threshold: float) -> int:
        """Number of non-mated pairs at or under the threshold.

        Raises:
            UsageError: the threshold is beyond the distances held.
        """
        if threshold > self.non_mated[-1] and not self.complete:
            raise self._beyond(f"the threshold {threshold:g}")
        return int(np.searchsorted(self.non_mated, threshold, side="right"))

    def false_non_matches(self, threshold: float) -> int:
        """Number of mated pairs above the threshold."""
        return int(self.mated.size - np.searchsorted(self.mated, threshold, side="right"))

    def fmr(self, threshold: float) -> float:
        return self.false_matches(threshold) / self.non_mated_pairs

    def fnmr(self, threshold: float) -> float:
        return self.false_non_matches(threshold) / self.mated.size

    def threshold_at(self, fmr: float) -> float:
        """A threshold whose FMR is the highest one not above ``fmr``.

        Of the interval of thresholds with that FMR, its middle is taken: both ends are single
        pairs, and the middle is least at their mercy.

        Raises:
            UsageError: fewer than ``1 / fmr`` non-mated pairs, so the rate cannot be told from 0;
                or the rate is above :attr:`highest_fmr`.
        """
        # 1e-9: 3,000 pairs times 1e-3 must allow 3 errors, whatever the product is in binary.
        allowed = int(fmr * self.non_mated_pairs + 1e-9)
        if allowed < 1:
            raise UsageError(
                f"insufficient data: a false match rate of {fmr:g} needs at least {int(np.ceil(1 / fmr)):,} "
                f"non-mated pairs, and there are {self.non_mated_pairs:,}",
                "ask for a higher rate or add pictures of more people",
            )
        if allowed >= self.non_mated.size and not self.complete:
            raise self._beyond(f"a false match rate of {fmr:g}")
        return highest_threshold(self.non_mated, allowed)

    def tar_at(self, fmr: float) -> float:
        """The true accept rate, 1 - FNMR, at the threshold of :meth:`threshold_at`, which raises."""
        return 1 - self.fnmr(self.threshold_at(fmr))

    def best_threshold(self) -> BestThreshold:
        """The threshold with the highest accuracy; of several, the middle of the first interval.

        Raises:
            UsageError: a threshold beyond the distances held might be better.
        """
        distances, mated, non_mated = self._counts()
        right = mated + (self.non_mated_pairs - non_mated)
        best = int(np.argmax(right))
        # Beyond the last one all mated pairs could be right, and all false matches so far stay.
        if not self.complete and right[best] < self.mated.size + self.non_mated_pairs - non_mated[-1]:
            raise self._beyond("the best threshold")
        following = distances[best + 1] if best + 1 < distances.size else distances[best]
        return BestThreshold(
            threshold=float((distances[best] + following) / 2),
            right=int(right[best]),
            pairs=self.mated.size + self.non_mated_pairs,
        )

    def eer(self) -> float:
        """The equal error rate: where the straight lines between ROC points have FMR = FNMR.

        Raises:
            UsageError: the rates meet beyond the distances held.
        """
        _, mated, non_mated = self._counts()
        rate = crossing(non_mated / self.non_mated_pairs, 1 - mated / self.mated.size)
        if rate is None:
            raise self._beyond("the equal error rate")
        return rate

    def auc(self) -> float:
        """Area under the ROC: the chance that a mated pair is nearer than a non-mated one, ties half.

        Raises:
            UsageError: not all non-mated distances are here.
        """
        if not self.complete:
            raise self._beyond("the area under the curve")
        nearer = np.searchsorted(self.non_mated, self.mated, side="left").sum()
        not_farther = np.searchsorted(self.non_mated, self.mated, side="right").sum()
        return 1 - float(nearer + not_farther) / (2 * self.mated.size * self.non_mated.size)

    def roc(self) -> Curve:
        """FMR and TAR at every distance that occurs, as far as :attr:`highest_fmr`."""
        distances, mated, non_mated = self._counts()
        distances = np.r_[np.nextafter(distances[0], -np.inf), distances]
        steps = np.diff(mated, prepend=0), np.diff(non_mated, prepend=0)
        # Integers: a point is straight if the cross product of its two steps is exactly 0.
        turns = steps[0][:-1] * steps[1][1:] != steps[1][:-1] * steps[0][1:]
        corner = np.r_[True, turns, True]
        return Curve(
            fmr=np.r_[0, non_mated][corner] / self.non_mated_pairs,
            tar=np.r_[0, mated][corner] / self.mated.size,
            threshold=distances[corner],
        )

    def _counts(self) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Each distance that occurs, and the numbers of mated and of non-mated pairs up to it."""
        distances = np.unique(np.concatenate([self.mated, self.non_mated]))
        if not self.complete:
            distances = distances[distances <= self.non_mated[-1]]
        mated = np.searchsorted(self.mated, distances, side="right").astype(np.int64)
        return distances, mated, np.searchsorted(self.non_mated, distances, side="right").astype(np.int64)

    def _beyond(self, what: str) -> UsageError:
        return UsageError(
            f"{what} is beyond the nearest {self.non_mated.size:,} of {self.non_mated_pairs:,} non-mated "
            f"pairs that were kept (false match rates up to {self.highest_fmr:.2g})",
            "keep more of the nearest pairs",
        )


def highest_threshold(distances: NDArray[np.float64], allowed: int) -> float:
    """A threshold that at most ``allowed`` of the sorted ``distances`` are at or under, as high as can be.

    It lies in the middle between the last distance that passes and the first that does not.
    """
    if allowed >= distances.size:
        return float(distances[-1])
    first_refused = distances[allowed]
    passing = int(np.searchsorted(distances, first_refused, side="left"))
    if passing == 0:  # ties: not even the nearest may pass
        return float(np.nextafter(first_refused, -np.inf))
    middle = (distances[passing - 1] + first_refused) / 2
    return float(middle if middle < first_refused else distances[passing - 1])


def crossing(fmr: NDArray[np.float64], fnmr: NDArray[np.float64]) -> float | None:
    """Where the polyline through points of rising FMR and falling FNMR has both alike.

    It starts where nothing matches (FMR 0, FNMR 1). None if FNMR stays above FMR to the end.
    """
    ahead = fmr >= fnmr
    if not ahead.any():
        return None
    index = int(np.argmax(ahead))
    before = (float(fmr[index - 1]), float(fnmr[index - 1])) if index else (0.0, 1.0)
    gap_before, gap = before[1] - before[0], float(fnmr[index] - fmr[index])
    share = gap_before / (gap_before - gap)
    return before[0] + share * (float(fmr[index]) - before[0])


def _sorted(distances: ArrayLike, kind: str) -> NDArray[np.float64]:
    array = np.sort(np.asarray(distances, np.float64).ravel())
    if array.size == 0:
        raise UsageError(f"there are no {kind} pairs", "give pictures with both kinds of pairs")
    if not np.isfinite(array).all():
        raise UsageError(f"a distance of the {kind} pairs is not a number", "look for broken embeddings")
    return array
