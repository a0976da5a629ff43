"""The counting core against slow loops, scikit-learn, and by property."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from sklearn.metrics import roc_auc_score, roc_curve

from facenet_app.errors import UsageError
from facenet_app.evaluation.interval import clopper_pearson
from facenet_app.evaluation.rates import PairDistances

# Few different values, so that ties are the rule.
DISTANCES = st.lists(st.integers(0, 40).map(lambda value: value / 20), min_size=1, max_size=60)


@given(DISTANCES, DISTANCES, st.floats(0, 2))
def test_counts_are_those_of_a_loop(mated: list[float], non_mated: list[float], threshold: float) -> None:
    pairs = PairDistances(mated, non_mated)
    assert pairs.false_matches(threshold) == sum(distance <= threshold for distance in non_mated)
    assert pairs.false_non_matches(threshold) == sum(distance > threshold for distance in mated)


@given(DISTANCES, DISTANCES)
def test_no_threshold_is_better_than_the_best(mated: list[float], non_mated: list[float]) -> None:
    pairs = PairDistances(mated, non_mated)
    best = pairs.best_threshold()
    decided_right = sum(d <= best.threshold for d in mated) + sum(d > best.threshold for d in non_mated)
    assert best.right == decided_right
    for threshold in {*mated, *non_mated}:
        assert best.right >= sum(d <= threshold for d in mated) + sum(d > threshold for d in non_mated)


@given(DISTANCES, DISTANCES, st.sampled_from([0.5, 0.25, 0.1, 0.05]))
def test_the_threshold_at_a_rate_keeps_it_and_none_higher_does(
    mated: list[float], non_mated: list[float], fmr: float
) -> None:
    pairs = PairDistances(mated, non_mated)
    if fmr * len(non_mated) < 1 - 1e-9:
        with pytest.raises(UsageError, match="insufficient data"):
            pairs.threshold_at(fmr)
        return
    threshold = pairs.threshold_at(fmr)
    assert pairs.fmr(threshold) <= fmr
    higher = [distance for distance in non_mated if distance > threshold]
    if higher:
        assert pairs.fmr(min(higher)) > fmr


def test_three_thousand_pairs_allow_three_errors_at_one_in_a_thousand() -> None:
    non_mated = np.arange(1, 3001) / 3000 + 0.5
    pairs = PairDistances([0.1], non_mated)
    assert pairs.false_matches(pairs.threshold_at(1e-3)) == 3


def test_too_few_pairs_say_how_many_are_needed() -> None:
    with pytest.raises(UsageError, match=r"1e-06 needs at least 1,000,000 .* there are 100"):
        PairDistances([0.1], np.ones(100)).threshold_at(1e-6)


@pytest.mark.parametrize(("mated", "non_mated"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0])])
def test_one_kind_only_or_broken_distances_are_refused(mated: list[float], non_mated: list[float]) -> None:
    with pytest.raises(UsageError):
        PairDistances(mated, non_mated)


def test_the_curve_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    mated, non_mated = rng.normal(0.8, 0.2, 400).round(2), rng.normal(1.3, 0.1, 900).round(2)
    labels = np.r_[np.ones(400), np.zeros(900)]
    fpr, tpr, thresholds = roc_curve(labels, -np.r_[mated, non_mated], drop_intermediate=False)
    pairs = PairDistances(mated, non_mated)
    for false_positives, true_positives, threshold in zip(fpr[1:], tpr[1:], thresholds[1:], strict=True):
        assert pairs.fmr(-threshold) == pytest.approx(false_positives)
        assert 1 - pairs.fnmr(-threshold) == pytest.approx(true_positives)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_where_the_binomial_tails_are_two_and_a_half_percent(counts: tuple[int, int]) -> None:
    errors, trials = counts
    rate = clopper_pearson(errors, trials)
    assert rate.low <= rate.value <= rate.high
    if errors > 0:
        assert binom.sf(errors - 1, trials, rate.low) == pytest.approx(0.025)
    if errors < trials:
        assert binom.cdf(errors, trials, rate.high) == pytest.approx(0.025)


def test_no_error_in_n_is_the_rule_of_three() -> None:
    assert clopper_pearson(0, 1000).high == pytest.approx(3.7 / 1000, rel=0.01)


def counts_of_a_loop(mated: list[float], non_mated: list[float]) -> list[tuple[int, int]]:
    """How many non-mated and mated pairs match, at every distance."""
    return [
        (sum(n <= t for n in non_mated), sum(m <= t for m in mated)) for t in sorted({*mated, *non_mated})
    ]


@given(DISTANCES, DISTANCES)
def test_the_area_is_that_of_all_comparisons(mated: list[float], non_mated: list[float]) -> None:
    wins = sum((m < n) + (m == n) / 2 for m in mated for n in non_mated)
    area = PairDistances(mated, non_mated).auc()
    assert area == pytest.approx(wins / (len(mated) * len(non_mated)))
    labels = [1] * len(mated) + [0] * len(non_mated)
    assert area == pytest.approx(roc_auc_score(labels, [-d for d in [*mated, *non_mated]]))


@given(DISTANCES, DISTANCES)
def test_the_equal_error_rate_is_where_the_polyline_meets_the_diagonal(
    mated: list[float], non_mated: list[float]
) -> None:
    counts = [(0, 0), *counts_of_a_loop(mated, non_mated)]
    points = [(fm / len(non_mated), m / len(mated)) for fm, m in counts]
    for (fmr, tar), (next_fmr, next_tar) in pairwise(points):
        gap, next_gap = 1 - tar - fmr, 1 - next_tar - next_fmr
        if gap > 0 >= next_gap:
            expected = fmr + (next_fmr - fmr) * gap / (gap - next_gap)
    assert PairDistances(mated, non_mated).eer() == pytest.approx(expected)


def test_the_equal_error_rate_of_two_normal_distributions() -> None:
    quantiles = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    pairs = PairDistances(0.8 + 0.1 * quantiles, 1.2 + 0.1 * quantiles)
    assert pairs.eer() == pytest.approx(norm.sf(2), abs=1e-4)


@given(DISTANCES, DISTANCES)
def test_the_curve_has_every_corner_and_only_corners(mated: list[float], non_mated: list[float]) -> None:
    pairs = PairDistances(mated, non_mated)
    curve = pairs.roc()
    assert np.all(np.diff(curve.threshold) > 0)
    for fmr, tar, threshold in zip(curve.fmr, curve.tar, curve.threshold, strict=True):
        assert (fmr, tar) == (pairs.fmr(threshold), pytest.approx(1 - pairs.fnmr(threshold)))
    counts = np.rint(np.c_[curve.fmr * len(non_mated), curve.tar * len(mated)]).astype(int)
    steps = np.diff(counts, axis=0)
    assert np.all(steps[:-1, 0] * steps[1:, 1] != steps[:-1, 1] * steps[1:, 0])
    points = [(0, 0), *counts_of_a_loop(mated, non_mated)]
    for false_matches, matches in points:  # each lies on a segment
        assert any(
            (end[0] - start[0]) * (matches - start[1]) == (end[1] - start[1]) * (false_matches - start[0])
            and start[0] <= false_matches <= end[0]
            and start[1] <= matches <= end[1]
            for start, end in pairwise(counts.tolist())
        )
    assert (curve.fmr[-1], curve.tar[-1]) == (1, 1)


def test_the_curve_goes_through_scikit_learns_points() -> None:
    rng = np.random.default_rng(1)
    mated, non_mated = rng.normal(0.8, 0.2, 300), rng.normal(1.3, 0.1, 700)
    fpr, tpr, _ = roc_curve(np.r_[np.ones(300), np.zeros(700)], -np.r_[mated, non_mated])
    curve = PairDistances(mated, non_mated).roc()
    # scikit-learn keeps its first point even if it lies on a straight line.
    assert curve.fmr == pytest.approx(np.delete(fpr, 1))
    assert curve.tar == pytest.approx(np.delete(tpr, 1))


@given(DISTANCES, DISTANCES, st.sampled_from([0.5, 0.25, 0.1]))
def test_true_accepts_are_counted_at_the_threshold(
    mated: list[float], non_mated: list[float], fmr: float
) -> None:
    pairs = PairDistances(mated, non_mated)
    if fmr * len(non_mated) < 1 - 1e-9:
        with pytest.raises(UsageError, match="insufficient data"):
            pairs.tar_at(fmr)
        return
    threshold = pairs.threshold_at(fmr)
    assert pairs.tar_at(fmr) == pytest.approx(sum(m <= threshold for m in mated) / len(mated))


@given(DISTANCES, DISTANCES, st.floats(0.05, 2), st.floats(0, 2))
def test_the_nearest_pairs_tell_the_same_or_nothing(
    mated: list[float], non_mated: list[float], limit: float, threshold: float
) -> None:
    everything = PairDistances(mated, non_mated)
    near = [distance for distance in non_mated if distance <= limit]
    if not near:
        return
    nearest = PairDistances(mated, near, non_mated_pairs=len(non_mated))
    refused = []
    for figure in (
        lambda pairs: pairs.false_matches(threshold),
        lambda pairs: pairs.fmr(threshold),
        lambda pairs: pairs.threshold_at(0.25),
        lambda pairs: pairs.tar_at(0.1),
        lambda pairs: pairs.best_threshold().right,
        lambda pairs: pairs.eer(),
        lambda pairs: pairs.auc(),
    ):
        try:
            told = figure(nearest)
        except UsageError as error:
            refused.append(error.message)
            continue
        assert told == figure(everything)
    for message in refused:
        assert "insufficient data" in message or (not nearest.complete and "beyond" in message)
    curve, whole = nearest.roc(), everything.roc()
    assert curve.fmr[-1] == nearest.highest_fmr == len(near) / len(non_mated)
    assert np.isin(curve.threshold[:-1], whole.threshold).all()


def test_what_lies_beyond_the_nearest_pairs_is_refused() -> None:
    pairs = PairDistances([0.5, 1.4], [1.1, 1.2], non_mated_pairs=100)
    assert pairs.fmr(1.15) == 0.01
    assert pairs.threshold_at(0.01) == pytest.approx(1.15)
    for beyond in (
        lambda: pairs.fmr(1.3),
        lambda: pairs.threshold_at(0.02),
        pairs.eer,
        pairs.auc,
    ):
        with pytest.raises(UsageError, match=r"nearest 2 of 100 .* up to 0\.02"):
            beyond()
    with pytest.raises(ValueError, match="2 distances of 1"):
        PairDistances([0.5], [1.1, 1.2], non_mated_pairs=1)
