"""Is one model better than another on the very same pairs?

Both models are judged on the same replicates of people (see :mod:`facenet_app.evaluation.bootstrap`), so
what makes a person hard for both cancels, and far smaller differences show than two separate intervals
would let see.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.bootstrap import DEFAULT
from facenet_app.evaluation.resampling import Resampling
from facenet_app.evaluation.subjects import SubjectPairs
from facenet_app.evaluation.weighted import WeightedRates

__all__ = ["PairedTest", "compare", "compare_decisions"]


@dataclass(frozen=True, slots=True)
class PairedTest:
    """First minus second, with the interval of the difference and a two-sided p-value.

    ``p_value`` is twice the share of replicates on the other side of 0, none counting as one: with
    1,000 replicates it is never under 0.002.
    """

    difference: float
    low: float
    high: float
    p_value: float
    confidence: float = 0.95


def compare(
    first: SubjectPairs,
    second: SubjectPairs,
    measure: Callable[[WeightedRates, NDArray[np.float64]], float],
    resampling: Resampling = DEFAULT,
) -> PairedTest:
    """Two models by a measure whose threshold each chooses for itself.

    Args:
        first: one model's distances.
        second: the other's, of the same pairs of the same people.
        measure: for example ``WeightedRates.eer`` or ``lambda rates, weights: rates.tar_at(weights,
            1e-3)``.
        resampling: how people are drawn.

    Raises:
        UsageError: the pairs are not the same, or the measure cannot be told.
    """
    if first.people != second.people or any(
        not np.array_equal(one, other) for one, other in zip(_make_up(first), _make_up(second), strict=True)
    ):
        raise UsageError("the two models were not measured on the same pairs", "compare them on one list")
    rates = WeightedRates(first), WeightedRates(second)
    once = np.ones(first.people)
    figures = [
        measure(rates[0], weights) - measure(rates[1], weights)
        for weights in resampling.weights(first.people)
    ]
    return _test(
        measure(rates[0], once) - measure(rates[1], once), np.array(figures), first.people, resampling
    )


def compare_decisions(
    first_wrong: ArrayLike,
    second_wrong: ArrayLike,
    people: tuple[ArrayLike, ArrayLike],
    resampling: Resampling = DEFAULT,
) -> PairedTest:
    """Two models by their decisions on a list of pairs: the difference of their error rates.

    Args:
        first_wrong: bool (P,), where one model decided wrongly.
        second_wrong: bool (P,), where the other did.
        people: of the probes and of the references, int (P,) each.
        resampling: how people are drawn.
    """
    wrong = np.stack([np.asarray(first_wrong, np.bool_), np.asarray(second_wrong, np.bool_)])
    both = np.stack([np.asarray(side) for side in people], axis=1)
    if both.shape != (wrong.shape[1], 2):
        raise ValueError(f"decisions on {wrong.shape[1]} pairs, and people of shape {both.shape}")
    more = wrong[0].astype(np.float64) - wrong[1]
    names, numbers = np.unique(both, return_inverse=True)
    probe, reference = numbers.reshape(both.shape).T
    figures = []
    for weights in resampling.weights(names.size):
        # A mated pair counts as often as its person, a non-mated one as the product of both.
        times = np.where(probe == reference, weights[probe], weights[probe] * weights[reference])
        total = times.sum()
        figures.append(times @ more / total if total else np.nan)
    return _test(float(more.mean()), np.array(figures), names.size, resampling)


def _make_up(pairs: SubjectPairs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What two models' pairs have in common: pairs of each person, of either kind.

    Non-mated pairs that were not kept are told by the pictures; lists by who is in how many.
    """
    if pairs.pictures is not None:
        return pairs.mated_pairs_of(), pairs.pictures
    low, high = np.sort(pairs.non_mated_people, axis=1).T
    return pairs.mated_pairs_of(), np.sort(low * float(pairs.people) + high)


def _test(difference: float, figures: NDArray[np.float64], people: int, resampling: Resampling) -> PairedTest:
    known = figures[np.isfinite(figures)]
    low, high = resampling.percentiles(known, people)
    sides = (1 + np.count_nonzero(known <= 0), 1 + np.count_nonzero(known >= 0))
    return PairedTest(
        difference=difference,
        low=min(low, difference),
        high=max(high, difference),
        p_value=min(1.0, 2 * float(min(sides)) / (known.size + 1)),
        confidence=resampling.confidence,
    )
