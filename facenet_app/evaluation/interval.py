"""Confidence intervals of rates."""

from scipy.special import betaincinv  # scipy.stats has the same, and takes a second to import

from facenet_app.domain import Rate

__all__ = ["clopper_pearson"]


def clopper_pearson(errors: int, trials: int, confidence: float = 0.95) -> Rate:
    """The rate with its exact binomial interval (Clopper and Pearson, Biometrika 1934).

    It never covers less than it says if trials are independent. Pairs that share people are not:
    then read it as a lower bound of the uncertainty.

    Args:
        errors: 0 … ``trials``.
        trials: at least 1.
        confidence: 0 … 1, of the two-sided interval.
    """
    if not 0 <= errors <= trials or trials < 1:
        raise ValueError(f"{errors} errors of {trials} trials")
    tail = (1 - confidence) / 2
    low = 0.0 if errors == 0 else float(betaincinv(errors, trials - errors + 1, tail))
    high = 1.0 if errors == trials else float(betaincinv(errors + 1, trials - errors, 1 - tail))
    return Rate(errors=errors, trials=trials, low=low, high=high, confidence=confidence)
