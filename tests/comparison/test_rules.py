"""What was asked for, and the thresholds that follow from it."""

import pytest

from facenet_app.comparison.rules import Asked, Measured
from facenet_app.domain import Decision, OperatingPoint, Rate
from facenet_app.errors import InvalidThreshold, NoOperatingPoint
from facenet_app.settings import load_settings


def point(threshold: float, fmr: float, detector: str = "yunet") -> OperatingPoint:
    return OperatingPoint(
        threshold, "f", fmr, Rate(3, 3000, 0.0002, 0.003), Rate(3, 300, 0.002, 0.03), "LFW", detector=detector
    )


MEASURED = Measured("sface", "f", (point(0.9, 1e-5), point(1.0, 1e-4), point(1.1, 1e-3), point(1.2, 1e-2)))


def test_without_review_one_threshold_decides() -> None:
    rule = MEASURED.for_verification(Asked(1e-3))
    assert (rule.point.threshold, rule.review_point, rule.risk, rule.reach) == (1.1, None, None, 1.1)
    assert rule.decide(1.1) is Decision.MATCH
    assert rule.decide(1.1001) is Decision.NON_MATCH


def test_a_stricter_rate_opens_the_band() -> None:
    rule = MEASURED.for_verification(Asked(1e-3, review=1e-5))
    assert rule.review_point is not None
    assert (rule.point.threshold, rule.review_point.threshold, rule.reach) == (0.9, 1.1, 1.1)
    decisions = [rule.decide(distance) for distance in (0.9, 0.9001, 1.1, 1.1001)]
    assert decisions == [Decision.MATCH, Decision.REVIEW, Decision.REVIEW, Decision.NON_MATCH]
    assert rule.decide(0.1, usable=False) is Decision.REVIEW


def test_a_threshold_by_hand_may_have_a_band_too() -> None:
    rule = MEASURED.for_verification(Asked(1e-3, threshold=1.05, review=1e-4))
    assert rule.review_point is not None
    assert (rule.point.threshold, rule.review_point.threshold) == (1.0, 1.05)
    with pytest.raises(InvalidThreshold, match=r"1\.2, is not stricter than 1\.05"):
        MEASURED.for_verification(Asked(1e-3, threshold=1.05, review=1e-2))


@pytest.mark.parametrize("review", [1e-3, 1e-2, 0, 1, -1])
def test_a_band_the_wrong_way_round(review: float) -> None:
    with pytest.raises(InvalidThreshold):
        Asked(1e-3, review=review)


def test_both_rates_must_be_measured_to_compare_two_pictures() -> None:
    for asked in (Asked(2e-3), Asked(1e-3, review=2e-4)):
        with pytest.raises(NoOperatingPoint, match=r"measured: 1e-05, 0\.0001"):
            MEASURED.for_verification(asked)


def test_a_search_corrects_both_rates_for_the_samples() -> None:
    rule = MEASURED.for_search(Asked(1e-1, review=1e-2), 100)
    assert rule.review_point is not None
    assert rule.risk is not None
    assert (rule.point.threshold, rule.review_point.threshold) == (1.0, 1.1)
    assert rule.risk.target_fpir == 1e-2  # names are given at the stricter rate
    assert rule.risk.kept
    assert MEASURED.for_search(Asked(1e-1), 100).point.threshold == 1.1


def test_a_search_at_a_threshold_by_hand_promises_nothing() -> None:
    rule = MEASURED.for_search(Asked(1e-3, threshold=1.15), 1_000_000)
    assert (rule.point.threshold, rule.risk) == (1.15, None)
    assert list(rule.warnings("mtcnn")) == []


def test_what_one_who_relies_on_the_rates_should_know() -> None:
    rule = MEASURED.for_search(Asked(1e-3), 1000)
    assert [str(warning).split(" ", 1)[0] for warning in rule.warnings("yunet")] == ["Among"]
    assert list(map(str, rule.warnings("mtcnn")))[1:] == [
        "The threshold was measured with the detector yunet, not with mtcnn."
    ]
    assert list(MEASURED.for_search(Asked(1e-3), 100).warnings("yunet")) == []


def test_points_of_a_gallery_lead() -> None:
    led = MEASURED.led_by([point(0.95, 1e-3)])
    assert led.for_verification(Asked(1e-3)).point.threshold == 0.95
    assert [p.threshold for p in led.points] == [0.9, 0.95, 1.2]


def test_what_is_given_leads_over_the_settings() -> None:
    settings = load_settings(fmr=1e-2, threshold=0.7, review=1e-4)
    assert Asked.of(settings, None, None, None) == Asked(1e-2, 0.7, 1e-4)
    assert Asked.of(settings, 1e-3, None, 1e-5) == Asked(1e-3, None, 1e-5)
    assert Asked.of(settings, None, 0.8, None) == Asked(1e-2, 0.8, 1e-4)


def test_pairs_and_searches_have_defaults_of_their_own() -> None:
    settings = load_settings()
    assert (Asked.of(settings).fmr, Asked.of(settings, search=True).fmr) == (1e-3, 1e-2)
    strict = load_settings(fmr=1e-4)
    assert (Asked.of(strict).fmr, Asked.of(strict, search=True).fmr) == (1e-4, 1e-4)
