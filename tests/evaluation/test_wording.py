"""Numbers as reports and the program write them."""

from dataclasses import replace

import pytest
from made_results import verification

from facenet_app.evaluation.interval import clopper_pearson
from facenet_app.evaluation.wording import exponent, kept, one_in, percent, span

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0"),
        (1, "100"),
        (0.994, "99.40"),
        (0.99998, "99.9980"),
        (0.1234, "12.34"),
        (0.0107, "1.07"),
        (0.0999e-2, "0.10"),
        (0.72e-2, "0.72"),
        (1.3e-5, "0.0013"),
        (1e-8, "0.0000010"),
    ],
)
def test_percentages_keep_the_digits_that_mean_something(share: float, words: str) -> None:
    assert percent(share) == f"{words}{NBSP}%"


def test_rates_are_written_as_they_are_typed() -> None:
    assert [exponent(rate) for rate in (1, 0.1, 1e-3, 2.5e-5)] == ["1", "1e-1", "1e-3", "2.5e-5"]
    assert one_in(1e-3) == "1 in 1,000"


def test_the_ends_of_a_span_are_told_apart() -> None:
    assert [span(0.5, 12.345), span(0.99112, 0.99142)] == ["0.5 – 12.3", "0.9911 – 0.9914"]
    assert span(1, 1 + 1e-15) == "1 – 1.000000000000001"


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [(0, "not contradicted"), (200, "kept"), (300, "not contradicted"), (400, "not kept")],
)
def test_an_operating_point_is_called_kept_only_if_the_interval_says_so(errors: int, verdict: str) -> None:
    check = verification().points[1]
    trials = 300_000 if errors else 1_000
    assert kept(replace(check, fmr=clopper_pearson(errors, trials))).startswith(verdict)
