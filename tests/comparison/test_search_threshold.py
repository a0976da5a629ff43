"""A search among N samples: which threshold keeps the rate that was asked for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.comparison.decide import given_threshold
from facenet_app.comparison.search_threshold import choose_for_search, explain_search, fmr_for_fpir, unmet
from facenet_app.domain import OperatingPoint, Rate
from facenet_app.errors import InvalidThreshold, NoOperatingPoint

RATES = {1e-2: 1.2, 1e-3: 1.1, 1e-4: 1.0, 1e-5: 0.9}
POINTS = [
    OperatingPoint(
        threshold=threshold,
        fingerprint="f",
        target_fmr=rate,
        fmr=Rate(30, round(30 / rate), rate / 2, rate * 2),
        fnmr=Rate(3, 100, 0.01, 0.08),
        dataset="LFW",
    )
    for rate, threshold in RATES.items()
]


@given(st.floats(1e-6, 0.9), st.integers(1, 10_000_000))
def test_that_many_comparisons_give_the_rate_of_the_search(fpir: float, comparisons: int) -> None:
    fmr = fmr_for_fpir(fpir, comparisons)
    assert math.isclose(-math.expm1(comparisons * math.log1p(-fmr)), fpir, rel_tol=1e-9)
    assert fpir / comparisons <= fmr * (1 + 1e-9)


def test_against_searches_made_up_from_a_seed() -> None:
    """Uniform distances: at a threshold of FMR, independent comparisons."""
    nearest = np.random.default_rng(0).random((20_000, 50)).min(axis=1)
    assert abs((nearest <= fmr_for_fpir(0.1, 50)).mean() - 0.1) < 0.01


@pytest.mark.parametrize(
    ("fpir", "samples", "rate", "kept"),
    [
        (1e-2, 1, 1e-2, True),
        (1e-2, 0, 1e-2, True),
        (1e-2, 2, 1e-3, True),  # 5e-3 is needed, and the next measured rate below it is taken
        (1e-2, 10, 1e-3, True),
        (1e-2, 11, 1e-4, True),
        (1e-2, 1000, 1e-5, True),
        (1e-2, 1006, 1e-5, False),
        (1e-3, 100, 1e-5, True),
        (1e-6, 1, 1e-5, False),
        (0.5, 1, 1e-2, True),
    ],
)
def test_the_nearest_measured_rate_that_is_strict_enough(
    fpir: float, samples: int, rate: float, kept: bool
) -> None:
    point, risk = choose_for_search(POINTS, fpir, samples, "sface")
    assert (point.target_fmr, point.threshold) == (rate, RATES[rate])
    assert (risk.fmr, risk.comparisons, risk.target_fpir) == (rate, samples, fpir)
    assert risk.kept is kept
    assert (unmet(risk) is None) is kept


@given(st.floats(1e-8, 0.5), st.integers(1, 100_000), st.integers(0, 100_000))
def test_more_people_never_loosen_the_threshold(fpir: float, samples: int, more: int) -> None:
    few, _ = choose_for_search(POINTS, fpir, samples, "sface")
    many, _ = choose_for_search(POINTS, fpir, samples + more, "sface")
    assert many.threshold <= few.threshold


def test_a_promise_that_cannot_be_kept_is_said_with_its_size() -> None:
    _, risk = choose_for_search(POINTS, 1e-3, 5000, "sface")
    assert risk.fpir_bound == pytest.approx(0.05)
    warning = unmet(risk)
    assert warning is not None
    for part in (
        "Among 5,000 enrolled pictures",
        "up to 1 in 20 strangers",
        "rather than the 1 in 1,000 asked",
    ):
        assert part in str(warning)
    meaning = explain_search(POINTS[-1], risk)
    assert "strangers" not in meaning  # that is said once
    assert "3.0 % of comparisons with the right person would be missed at this threshold" in meaning


@pytest.mark.parametrize(("samples", "share"), [(40_000, "40 in 100"), (10_000_000, "all")])
def test_a_large_bound_is_no_one_in_one(samples: int, share: str) -> None:
    warning = unmet(choose_for_search(POINTS, 1e-3, samples, "sface")[1])
    assert warning is not None
    assert f"up to {share} strangers' faces" in str(warning)


def test_nothing_measured_and_impossible_rates() -> None:
    with pytest.raises(NoOperatingPoint, match="calibrate"):
        choose_for_search([], 1e-3, 5, "sface")
    with pytest.raises(NoOperatingPoint):
        choose_for_search([given_threshold(1.0, "f")], 1e-3, 5, "sface")
    for rate in (0, 1, -1e-3, float("nan")):
        with pytest.raises(InvalidThreshold, match="between 0 and 1"):
            choose_for_search(POINTS, rate, 5, "sface")


def test_the_bound_is_a_rate() -> None:
    _, risk = choose_for_search(POINTS, 1e-3, 10_000_000, "sface")
    assert risk.fpir_bound == 1


def test_the_meaning_is_told() -> None:
    text = explain_search(*choose_for_search(POINTS, 1e-2, 100, "sface"))
    for part in (
        "at most about 1 in 100",
        "100 enrolled pictures",
        "3.0 %",
        "LFW",
        "0.0050 to 0.020 % of 300,000",
    ):
        assert part in text
    assert "1 enrolled picture," in explain_search(*choose_for_search(POINTS, 1e-2, 1, "sface"))
    assert explain_search(*choose_for_search(POINTS, 1e-2, 0, "sface")) == ""
    assert "nothing is known" in explain_search(given_threshold(1.0, "f"), None)
