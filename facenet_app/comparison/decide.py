"""From a distance to a decision, and from a false match rate to a threshold (1:1)."""

from collections.abc import Sequence

from facenet_app.comparison.evidence import evidence
from facenet_app.domain import Decision, OperatingPoint
from facenet_app.errors import InvalidThreshold, NoOperatingPoint

__all__ = ["checked_rate", "choose", "decide", "explain", "given_threshold", "merged", "no_points"]


def decide(
    distance: float,
    point: OperatingPoint,
    *,
    review_point: OperatingPoint | None = None,
    usable: bool = True,
) -> Decision:
    """MATCH if and only if ``distance <= point.threshold`` and the pictures are ``usable``.

    REVIEW if a picture is too poor to say, or if the distance is above that threshold and not above
    the larger one of ``review_point``.
    """
    if not usable:
        return Decision.REVIEW
    if distance <= point.threshold:
        return Decision.MATCH
    within = review_point is not None and distance <= review_point.threshold
    return Decision.REVIEW if within else Decision.NON_MATCH


def choose(points: Sequence[OperatingPoint], fmr: float, model: str) -> OperatingPoint:
    """The operating point measured for a target FMR of ``fmr``.

    Raises:
        InvalidThreshold: ``fmr`` is not between 0 and 1.
        NoOperatingPoint: nothing was measured at this rate; rates are never interpolated.
    """
    checked_rate(fmr)
    for point in points:
        if point.target_fmr is not None and _same_rate(point.target_fmr, fmr):
            return point
    measured = ", ".join(f"{p.target_fmr:g}" for p in points if p.target_fmr is not None)
    if not measured:
        raise no_points(model, f" at a false match rate of {fmr:g}")
    raise NoOperatingPoint(
        f"no threshold was measured for model {model} at a false match rate of {fmr:g} "
        f"(measured: {measured})",
        "choose a measured rate with --fmr, or measure this one with `facenet-app calibrate`",
    )


def no_points(model: str, at_rate: str = "") -> NoOperatingPoint:
    """What to raise for a model that nothing was measured for."""
    return NoOperatingPoint(
        f"no threshold was measured for model {model}{at_rate}",
        "measure one on your own pictures with `facenet-app calibrate`, or give a distance with --threshold",
    )


def checked_rate(rate: float) -> float:
    """The rate, if it is one.

    Raises:
        InvalidThreshold: it is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise InvalidThreshold(f"a false match rate is between 0 and 1, not {rate}", "give one such as 1e-3")
    return rate


def given_threshold(threshold: float, fingerprint: str) -> OperatingPoint:
    """An operating point for a threshold that the user chose; its error rates are unknown.

    Raises:
        InvalidThreshold: not between 0 and 2, the range of distances.
    """
    if not 0 <= threshold <= 2:
        raise InvalidThreshold(
            f"a threshold is a distance between 0 and 2, not {threshold}", "give one such as 1.1"
        )
    return OperatingPoint(threshold=threshold, fingerprint=fingerprint)


def merged(*sources: Sequence[OperatingPoint]) -> tuple[OperatingPoint, ...]:
    """Points of several measurements as one scale, by ascending threshold; earlier sources lead.

    A point of a later source is left out if a leading one has its rate, or contradicts it: stricter
    rates must have lower thresholds. So after somebody has measured 1e-4 on harder pictures of their
    own, a looser threshold that other pictures gave for 1e-5 is not taken for a stricter one.
    """
    kept: list[OperatingPoint] = []
    for source in sources:
        leading = tuple(kept)
        kept += [point for point in source if all(_agree(point, other) for other in leading)]
    return tuple(sorted(kept, key=lambda point: point.threshold))


def explain(point: OperatingPoint) -> str:
    """What the threshold means for comparing two pictures, in a sentence for people."""
    if point.target_fmr is None or point.fmr is None or point.fnmr is None:
        return "This threshold was given by hand; nothing is known about its error rates."
    return (
        f"At this threshold about 1 in {round(1 / point.target_fmr):,} different-person pairs would pass, "
        f"and {100 * point.fnmr.value:.1f} % of same-person pairs would be missed ({evidence(point)})."
    )


def _same_rate(first: float, second: float) -> bool:
    return abs(first - second) <= 1e-9 * second


def _agree(point: OperatingPoint, leading: OperatingPoint) -> bool:
    if (
        point.target_fmr is None
        or leading.target_fmr is None
        or _same_rate(point.target_fmr, leading.target_fmr)
    ):
        return False
    return (point.target_fmr < leading.target_fmr) == (point.threshold < leading.threshold)
