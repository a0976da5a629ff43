"""From distances to decisions, and from rates to thresholds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.comparison.decide import choose, decide, explain, given_threshold, merged
from facenet_app.domain import Decision, OperatingPoint, Rate
from facenet_app.errors import InvalidThreshold, NoOperatingPoint


def point(threshold: float, fmr: float) -> OperatingPoint:
    return OperatingPoint(
        threshold=threshold,
        fingerprint="f",
        target_fmr=fmr,
        fmr=Rate(3, 3000, 0.0002, 0.003),
        fnmr=Rate(30, 3000, 0.007, 0.014),
        dataset="LFW",
    )


@given(st.floats(0, 2), st.floats(0, 2))
def test_match_iff_the_distance_is_at_most_the_threshold(distance: float, threshold: float) -> None:
    decision = decide(distance, given_threshold(threshold, "f"))
    assert (decision is Decision.MATCH) == (distance <= threshold)


def test_equality_is_a_match() -> None:
    assert decide(1.1, given_threshold(1.1, "f")) is Decision.MATCH


@pytest.mark.parametrize("distance", [0.0, 1.9])
def test_too_poor_a_picture_is_never_decided(distance: float) -> None:
    assert decide(distance, given_threshold(1.1, "f"), usable=False) is Decision.REVIEW


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 2))
def test_between_two_thresholds_a_person_should_look(distance: float, one: float, other: float) -> None:
    inner, outer = sorted((one, other))
    decision = decide(distance, given_threshold(inner, "f"), review_point=given_threshold(outer, "f"))
    assert (decision is Decision.MATCH) == (distance <= inner)
    assert (decision is Decision.NON_MATCH) == (distance > outer)


def test_the_point_measured_at_the_rate_is_chosen() -> None:
    points = [point(1.2, 1e-2), point(1.1, 1e-3)]
    assert choose(points, 0.001, "sface").threshold == 1.1
    assert choose(points, 1e-2, "sface").threshold == 1.2


def test_a_rate_that_was_not_measured_is_refused_and_the_measured_ones_named() -> None:
    with pytest.raises(NoOperatingPoint, match=r"1e-06.*measured: 0\.01, 0\.001.*--fmr"):
        choose([point(1.2, 1e-2), point(1.1, 1e-3)], 1e-6, "sface")
    with pytest.raises(NoOperatingPoint, match=r"calibrate.*--threshold"):
        choose([], 1e-3, "sface")


def test_points_of_ones_own_lead() -> None:
    own, shipped = point(1.0, 1e-3), [point(1.2, 1e-2), point(1.1, 1e-3), point(0.9, 1e-4)]
    assert [p.threshold for p in merged([own], shipped)] == [0.9, 1.0, 1.2]
    assert merged(shipped) == tuple(reversed(shipped))
    assert merged([], []) == ()


def test_a_point_that_contradicts_ones_own_is_left_out() -> None:
    """A rate of 1e-4 must not be decided more loosely than one's own 1e-3, nor 1e-2 more strictly."""
    own = point(0.8, 1e-3)
    assert merged([own], [point(0.9, 1e-4), point(1.2, 1e-2)]) == (own, point(1.2, 1e-2))
    assert merged([own], [point(0.7, 1e-2)]) == (own,)
    assert merged([own], [point(0.8, 1e-4)]) == (own,)


@pytest.mark.parametrize("fmr", [0, 1, -0.5, 7])
def test_impossible_rates(fmr: float) -> None:
    with pytest.raises(InvalidThreshold, match="between 0 and 1"):
        choose([point(1.1, 1e-3)], fmr, "sface")


@pytest.mark.parametrize("threshold", [-0.1, 2.1, float("nan"), float("inf")])
def test_impossible_thresholds(threshold: float) -> None:
    with pytest.raises(InvalidThreshold, match="between 0 and 2"):
        given_threshold(threshold, "f")


def test_the_meaning_is_told_with_counts_and_intervals() -> None:
    text = explain(point(1.1, 1e-3))
    assert "1 in 1,000 different-person pairs" in text
    assert "1.0 % of same-person pairs" in text
    assert "95 % intervals: 0.020 to 0.30 % of 3,000 different-person pairs pass" in text
    assert "0.70 to 1.4 % of 3,000 same-person pairs are missed" in text
    assert "nothing is known" in explain(given_threshold(1.0, "f"))


def test_operating_points_survive_json() -> None:
    original = point(1.1, 1e-3)
    assert OperatingPoint.from_dict(original.to_dict()) == original
    by_hand = given_threshold(1.0, "f")
    assert OperatingPoint.from_dict(by_hand.to_dict()) == by_hand


def test_counts_of_people_and_pictures_are_kept_and_old_points_have_none() -> None:
    counted = replace(point(1.1, 1e-3), people=7, pictures=31)
    document = counted.to_dict()
    assert OperatingPoint.from_dict(document) == counted
    del document["people"], document["pictures"]
    assert OperatingPoint.from_dict(document) == point(1.1, 1e-3)
