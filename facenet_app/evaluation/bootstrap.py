"""Confidence intervals of error rates that respect that pairs share people.

One person's pictures are in many pairs, and a person who is hard to tell from others makes many
errors, so pairs are not independent trials and intervals that take them for such are too narrow.
Here people are drawn with replacement, with all pairs of theirs: Bolle, Ratha and Pankanti, "Error
analysis of pattern recognition systems: the subsets bootstrap", CVIU 2004; Poh and Bengio, "Performance
generalization in biometric authentication using joint user-specific and sample bootstraps", IEEE TPAMI
2007. A non-mated pair has two people and counts as often as the product of how often they were drawn.
For errors that have nothing to do with the people that is up to three times the true variance (Owen,
"The pigeonhole bootstrap", Annals of Applied Statistics 2007): the interval errs to the safe side.

**The rule for an interval**: the percentiles of the replicates (corrected for bias and skewness where the
threshold is fixed: :meth:`Resampling.corrected`), widened on either side to the exact binomial interval
of the same counts (Clopper and Pearson) where that is wider. Sharing people makes pairs less informative,
never more, so nothing narrower than the binomial interval is credible; and it is what remains where
resampling has nothing to work on: no errors, or a handful of pairs. Without any error the interval still
takes the pairs for independent: read it as a lower bound of the uncertainty.

In simulations with 60 people, from no influence of the people to one as large as that of the pictures,
intervals of 95 % held the true FMR in 94 to 99.7 % and the true FNMR in 95 to 96 % of 1,000 trials each;
binomial intervals fell to 41 and 75 %.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facenet_app.domain import Rate
from facenet_app.errors import UsageError
from facenet_app.evaluation.interval import clopper_pearson
from facenet_app.evaluation.resampling import Interval, Resampling
from facenet_app.evaluation.subjects import SubjectPairs
from facenet_app.evaluation.weighted import WeightedRates

__all__ = [
    "Interval",
    "Resampling",
    "clustered_rate",
    "eer",
    "error_rate",
    "fmr",
    "fnmr",
    "fnmr_per_person",
    "tar_at",
]


DEFAULT = Resampling()


def fmr(pairs: SubjectPairs, threshold: float, resampling: Resampling = DEFAULT) -> Rate:
    """The FMR at a fixed threshold.

    Raises:
        UsageError: there are no non-mated pairs, or the threshold is beyond those that were kept.
    """
    matches, trials = _false_matches(pairs, threshold), pairs.non_mated_pairs
    if trials == 0:
        raise UsageError("there are no non-mated pairs", "give pictures of more people")
    weights = resampling.weights(pairs.people)
    figures = _ratio(pairs.nearest_weight(weights, matches), pairs.non_mated_weight(weights))
    left_out = _ratio(matches - pairs.nearest_of(matches), trials - pairs.non_mated_pairs_of())
    return _widened((matches, trials), figures, left_out, resampling)


def fnmr(pairs: SubjectPairs, threshold: float, resampling: Resampling = DEFAULT) -> Rate:
    """The FNMR at a fixed threshold, every mated pair weighing alike.

    Raises:
        UsageError: there are no mated pairs.
    """
    _require_mated(pairs)
    missed = _missed(pairs, threshold)
    return _by_person(pairs.mated_pairs_of(missed), pairs.mated_pairs_of(), resampling)


def fnmr_per_person(pairs: SubjectPairs, threshold: float, resampling: Resampling = DEFAULT) -> Interval:
    """The mean of the people's own FNMR, every person with mated pairs weighing alike.

    Without it a person of 500 pictures has as much say as 100,000 people of two.

    Raises:
        UsageError: there are no mated pairs.
    """
    _require_mated(pairs)
    trials = pairs.mated_pairs_of()
    has_pairs = (trials > 0).astype(np.float64)
    share = pairs.mated_pairs_of(_missed(pairs, threshold)) / np.maximum(trials, 1)
    weights = resampling.weights(pairs.people)
    figures = _ratio(weights @ share, weights @ has_pairs)
    value = float(share.sum() / has_pairs.sum())
    left_out = _ratio(share.sum() - share, has_pairs.sum() - has_pairs)
    low, high = resampling.corrected(figures, value, left_out)
    # The trials are people here, all right or all wrong at worst.
    coins = clopper_pearson(round(float(share.sum())), int(has_pairs.sum()), resampling.confidence)
    return Interval(value, min(low, coins.low, value), max(high, coins.high, value), resampling.confidence)


def error_rate(pairs: SubjectPairs, threshold: float, resampling: Resampling = DEFAULT) -> Rate:
    """The share of wrong decisions at a fixed threshold: 1 - accuracy.

    Raises:
        UsageError: there are no pairs, or the threshold is beyond the non-mated ones that were kept.
    """
    matches, missed = _false_matches(pairs, threshold), _missed(pairs, threshold)
    trials = pairs.mated.size + pairs.non_mated_pairs
    if trials == 0:
        raise UsageError("there are no pairs", "give pictures of more people")
    weights = resampling.weights(pairs.people)
    own_missed, own = pairs.mated_pairs_of(missed), pairs.mated_pairs_of()
    wrong = matches + pairs.mated.size - missed
    figures = _ratio(
        pairs.nearest_weight(weights, matches) + weights @ own_missed,
        pairs.non_mated_weight(weights) + weights @ own,
    )
    left_out = _ratio(
        wrong - pairs.nearest_of(matches) - own_missed, trials - pairs.non_mated_pairs_of() - own
    )
    return _widened((wrong, trials), figures, left_out, resampling)


def clustered_rate(errors: ArrayLike, person: ArrayLike, resampling: Resampling = DEFAULT) -> Rate:
    """A rate over trials of one person each (searches, pictures), whose people are resampled.

    Args:
        errors: bool (S,), which trials went wrong; at least one trial.
        person: int (S,), whose trials they are, any integers.
        resampling: how people are drawn.
    """
    wrong = np.asarray(errors, np.bool_)
    names, number = np.unique(np.asarray(person), return_inverse=True)
    counts = [
        np.bincount(which, minlength=names.size).astype(np.float64) for which in (number[wrong], number)
    ]
    return _by_person(counts[0], counts[1], resampling)


def tar_at(pairs: SubjectPairs, target: float, resampling: Resampling = DEFAULT) -> Interval:
    """The true accept rate at an FMR of ``target``, the threshold chosen anew in every replicate.

    So the interval holds the uncertainty of the threshold too, unlike ``1 - fnmr(...)``.

    Raises:
        UsageError: as :meth:`~facenet_app.evaluation.rates.PairDistances.threshold_at`.
    """
    counted = pairs.distances()
    missed = counted.false_non_matches(counted.threshold_at(target))
    rates = WeightedRates(pairs)
    weights = resampling.weights(pairs.people)
    missed_shares = np.array([1 - rates.tar_at(each, target) for each in weights])
    low, high = resampling.percentiles(missed_shares, pairs.people)
    fixed = clopper_pearson(missed, counted.mated.size, resampling.confidence)
    return Interval(
        1 - fixed.value, 1 - max(high, fixed.high), 1 - min(low, fixed.low), resampling.confidence
    )


def eer(pairs: SubjectPairs, resampling: Resampling = DEFAULT) -> Interval:
    """The equal error rate, found anew in every replicate; as a share of mated pairs for the rule.

    Raises:
        UsageError: as :meth:`~facenet_app.evaluation.rates.PairDistances.eer`.
    """
    counted = pairs.distances()
    value = counted.eer()
    rates = WeightedRates(pairs)
    figures = np.array([rates.eer(each) for each in resampling.weights(pairs.people)])
    low, high = resampling.percentiles(figures, pairs.people)
    trials = min(counted.mated.size, counted.non_mated_pairs)
    fixed = clopper_pearson(round(value * trials), trials, resampling.confidence)
    return Interval(value, min(low, fixed.low, value), max(high, fixed.high, value), resampling.confidence)


def _false_matches(pairs: SubjectPairs, threshold: float) -> int:
    if threshold > pairs.limit:
        raise UsageError(
            f"the threshold {threshold:g} is beyond the nearest non-mated pairs that were kept, "
            f"up to {pairs.limit:g}",
            "keep more of the nearest pairs",
        )
    return int(np.searchsorted(pairs.non_mated, threshold, side="right"))


def _missed(pairs: SubjectPairs, threshold: float) -> int:
    """From which one on the mated pairs are missed."""
    return int(np.searchsorted(pairs.mated, threshold, side="right"))


def _require_mated(pairs: SubjectPairs) -> None:
    if pairs.mated.size == 0:
        raise UsageError("there are no mated pairs", "give several pictures of a person")


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where people were drawn who have no pair of the kind."""
    ratio: NDArray[np.float64] = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return ratio


def _by_person(errors: NDArray[np.float64], trials: NDArray[np.float64], resampling: Resampling) -> Rate:
    weights = resampling.weights(errors.size)
    figures = _ratio(weights @ errors, weights @ trials)
    left_out = _ratio(errors.sum() - errors, trials.sum() - trials)
    return _widened((int(errors.sum()), int(trials.sum())), figures, left_out, resampling)


def _widened(
    counts: tuple[int, int],
    figures: NDArray[np.float64],
    left_out: NDArray[np.float64],
    resampling: Resampling,
) -> Rate:
    errors, trials = counts
    low, high = resampling.corrected(figures, errors / trials, left_out)
    fixed = clopper_pearson(errors, trials, resampling.confidence)
    return Rate(errors, trials, min(low, fixed.low), max(high, fixed.high), resampling.confidence)
