"""Error rates when every person counts a given number of times: one replicate of a bootstrap.

A non-mated pair counts as often as the product of the weights of its two people, a mated pair as
often as its one person. These are the rates that :class:`~facenet_app.evaluation.rates.PairDistances`
gives for pairs copied that often, without copying them.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.rates import crossing
from facenet_app.evaluation.subjects import SubjectPairs

__all__ = ["WeightedRates"]


class WeightedRates:
    """Rates of pairs under weights of their people: float64 (people,), whole numbers from 0.

    A rate is NaN if the pairs it is a share of have no weight.
    """

    def __init__(self, pairs: SubjectPairs) -> None:
        self.pairs = pairs
        self._mated_pairs = pairs.mated_pairs_of()

    def tar_at(self, weights: NDArray[np.float64], fmr: float) -> float:
        """The true accept rate at the highest threshold whose FMR is not above ``fmr``.

        Raises:
            UsageError: that threshold is beyond the non-mated pairs that were kept.
        """
        mated, non_mated = self._totals(weights)
        if mated == 0 or non_mated == 0:
            return np.nan
        threshold = self._threshold(weights, fmr, fmr * non_mated + 1e-9)
        missed = self.pairs.mated_person[np.searchsorted(self.pairs.mated, threshold, side="right") :]
        return 1 - float(weights[missed].sum()) / mated

    def eer(self, weights: NDArray[np.float64]) -> float:
        """The equal error rate, on the straight lines between ROC points.

        Raises:
            UsageError: the rates meet beyond the non-mated pairs that were kept.
        """
        mated, non_mated = self._totals(weights)
        if mated == 0 or non_mated == 0:
            return np.nan
        matches, false_matches = self._matches(weights)
        rate = crossing(false_matches / non_mated, 1 - matches / mated)
        if rate is None:
            raise _beyond("the equal error rate")
        return rate

    def best_accuracy(self, weights: NDArray[np.float64]) -> float:
        """The highest share of right decisions that one threshold gives.

        Raises:
            UsageError: not all non-mated pairs were kept.
        """
        if np.isfinite(self.pairs.limit):
            raise _beyond("the best accuracy")
        mated, non_mated = self._totals(weights)
        if mated + non_mated == 0:
            return np.nan
        matches, false_matches = self._matches(weights)
        return float((matches + non_mated - false_matches).max() / (mated + non_mated))

    def _totals(self, weights: NDArray[np.float64]) -> tuple[float, float]:
        return float(weights @ self._mated_pairs), float(self.pairs.non_mated_weight(weights[None])[0])

    def _non_mated_upto(self, weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """The weight of the nearest 1, 2 … ``count`` non-mated pairs."""
        people = self.pairs.non_mated_people[:count]
        return np.cumsum(weights[people[:, 0]] * weights[people[:, 1]])

    def _threshold(self, weights: NDArray[np.float64], fmr: float, allowed: float) -> float:
        """In the middle of the gap that pairs with weight leave, as :meth:`PairDistances.threshold_at`."""
        distances = self.pairs.non_mated
        # The threshold is near where it is without weights; the other pairs are seldom needed.
        likely = min(int(3 * fmr * self.pairs.non_mated_pairs) + 1000, distances.size)
        for count in (likely, distances.size):
            upto = self._non_mated_upto(weights, count)
            if count and upto[-1] > allowed:
                refused = distances[np.searchsorted(upto, allowed, side="right")]
                nearer = int(np.searchsorted(distances, refused, side="left"))
                if nearer == 0 or upto[nearer - 1] == 0:
                    return float(np.nextafter(refused, -np.inf))
                last = distances[np.searchsorted(upto, upto[nearer - 1], side="left")]
                middle = (last + refused) / 2
                return float(middle if middle < refused else last)
        if np.isfinite(self.pairs.limit):
            raise _beyond(f"a false match rate of {fmr:g}")
        return float(distances[np.searchsorted(upto, upto[-1], side="left")])

    @cached_property
    def _steps(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """At every distance that occurs, up to the limit: how many pairs of either kind match."""
        distances = np.unique(np.concatenate([self.pairs.mated, self.pairs.non_mated]))
        distances = distances[distances <= self.pairs.limit]
        return (
            np.searchsorted(self.pairs.mated, distances, side="right"),
            np.searchsorted(self.pairs.non_mated, distances, side="right"),
        )

    def _matches(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weight of the mated and of the non-mated pairs that match: at no distance, and at each."""
        mated = np.cumsum(weights[self.pairs.mated_person])
        non_mated = self._non_mated_upto(weights, self.pairs.non_mated.size)
        steps = self._steps
        return (
            np.r_[0, np.r_[0, mated][steps[0]]],
            np.r_[0, np.r_[0, non_mated][steps[1]]],
        )


def _beyond(what: str) -> UsageError:
    return UsageError(
        f"with other people {what} is beyond the nearest non-mated pairs that were kept",
        "keep more of the nearest pairs",
    )
