"""Shares with two digits, however small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.comparison.evidence import two_digits


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (1.7, "1.7"),
        (0.0919, "0.092"),
        (0.0999, "0.10"),
        (12.6, "13"),
        (7.9e-6, "0.0000079"),
    ],
)
def test_two_digits(number: float, shown: str) -> None:
    assert format(number, two_digits(number)) == shown


@given(st.floats(1e-9, 100))
def test_no_exponent_and_off_by_a_twentieth_at_most(number: float) -> None:
    shown = format(number, two_digits(number))
    assert "e" not in shown
    assert float(shown) == pytest.approx(number, rel=0.05)
