"""Weighted rates against the counting core on pairs copied as often as the weights say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.rates import PairDistances
from facenet_app.evaluation.subjects import SubjectPairs
from facenet_app.evaluation.weighted import WeightedRates

PEOPLE = 5
# Few different distances, so that ties are the rule.
PAIRS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)),
    min_size=1,
    max_size=40,
)
WEIGHTS = st.lists(st.integers(0, 3), min_size=PEOPLE, max_size=PEOPLE)
# All people in it, both kinds of pairs.
EVERYBODY = [(15, person, person) for person in range(PEOPLE)] + [(16, 0, 1)]


def copied(pairs: SubjectPairs, weights: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    mated = [d for d, p in zip(pairs.mated, pairs.mated_person, strict=True) for _ in range(int(weights[p]))]
    non_mated = [
        d
        for d, (one, other) in zip(pairs.non_mated, pairs.non_mated_people, strict=True)
        for _ in range(int(weights[one] * weights[other]))
    ]
    return mated, non_mated


@given(PAIRS, WEIGHTS, st.sampled_from([0.5, 0.25, 0.1]))
def test_a_weighted_pair_is_a_copied_pair(
    listed: list[tuple[int, int, int]], times: list[int], fmr: float
) -> None:
    distance, probe, reference = np.array(listed + EVERYBODY).T
    pairs, weights = SubjectPairs.from_list(distance / 15, probe, reference), np.array(times, float)
    rates = WeightedRates(pairs)
    mated, non_mated = copied(pairs, weights)
    if not mated or not non_mated:
        assert np.isnan(rates.tar_at(weights, fmr))
        assert np.isnan(rates.eer(weights))
        return
    counted = PairDistances(mated, non_mated)
    assert rates.eer(weights) == pytest.approx(counted.eer())
    # A threshold under every distance is right about all non-mated pairs.
    best = max(counted.best_threshold().right, len(non_mated)) / (len(mated) + len(non_mated))
    assert rates.best_accuracy(weights) == pytest.approx(best)
    if fmr * len(non_mated) >= 1:
        assert rates.tar_at(weights, fmr) == pytest.approx(counted.tar_at(fmr))
    else:
        assert rates.tar_at(weights, fmr) == pytest.approx(
            sum(d < min(non_mated) for d in mated) / len(mated)
        )


def test_nobody_drawn_is_no_rate() -> None:
    pairs = SubjectPairs.from_list([0.5, 1.2], [0, 0], [0, 1])
    rates = WeightedRates(pairs)
    assert np.isnan(rates.best_accuracy(np.zeros(2)))


def test_what_lies_beyond_the_kept_pairs_is_refused() -> None:
    # 2 people with 10 pictures each and 100 non-mated pairs, of which the nearest two are kept.
    pairs = SubjectPairs(
        people=2,
        mated=np.array([0.5, 1.4]),
        mated_person=np.array([0, 1]),
        non_mated=np.array([1.1, 1.2]),
        non_mated_people=np.array([[0, 1], [0, 1]]),
        pictures=np.array([[10.0, 10.0], [5.0, 5.0]]),
        limit=1.25,
    )
    rates, once = WeightedRates(pairs), np.ones(2)
    assert rates.tar_at(once, 0.01) == 0.5
    for beyond in (
        lambda: rates.tar_at(once, 0.02),
        lambda: rates.eer(once),
        lambda: rates.best_accuracy(once),
    ):
        with pytest.raises(UsageError, match="keep more"):
            beyond()
