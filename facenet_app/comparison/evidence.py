"""What stands behind a threshold: on how many pairs its rates were counted, and how sure they are."""

from math import floor, log10

from facenet_app.domain import OperatingPoint, Rate

__all__ = ["decimals", "evidence", "two_digits"]


def evidence(point: OperatingPoint) -> str:
    """Where a point was measured, with the intervals of both rates, as part of a sentence.

    Args:
        point: with ``fmr`` and ``fnmr``.
    """
    assert point.fmr is not None
    assert point.fnmr is not None
    return (
        f"measured on {point.dataset}, {100 * point.fmr.confidence:.0f} % intervals: "
        f"{_span(point.fmr)} % of {point.fmr.trials:,} different-person pairs pass, "
        f"{_span(point.fnmr)} % of {point.fnmr.trials:,} same-person pairs are missed"
    )


def two_digits(number: float) -> str:
    """The format that shows two significant digits of a number, and never an exponent."""
    return f".{decimals(number)}f"


def decimals(number: float) -> int:
    """Digits after the point that show two significant ones of a number of 0 or more."""
    # Rounded first: 0.0999 is 0.10, not 0.100.
    return max(0, 1 - floor(log10(float(f"{number:.1e}")))) if number > 0 else 0


def _span(rate: Rate) -> str:
    low, high = 100 * rate.low, 100 * rate.high
    return f"{low:{two_digits(low)}} to {high:{two_digits(high)}}"
