"""What a threshold means, in sentences: the page's words for what ``explain`` says on the command line."""

from facenet_app.comparison.evidence import two_digits
from facenet_app.domain import OperatingPoint, Rate, SearchRisk
from facenet_app.web import text

__all__ = ["meaning_of_pair", "meaning_of_search", "share"]


def meaning_of_pair(point: OperatingPoint, review: OperatingPoint | None) -> str:
    """The error rates behind comparing two pictures, and what lies between the two thresholds."""
    if point.target_fmr is None or point.fmr is None or point.fnmr is None:
        said = str(text.MEANING_UNKNOWN)
    else:
        said = text.meaning(
            number=round(1 / point.target_fmr),
            missed=text.number(100 * point.fnmr.value, ".1f"),
            evidence=_evidence(point, point.fmr, point.fnmr),
        )
    return said if review is None else f"{said} {_band(review)}"


def meaning_of_search(point: OperatingPoint, risk: SearchRisk | None) -> str:
    """How often a search would name a stranger, and miss somebody who is enrolled; empty if nobody is."""
    if risk is not None and not risk.comparisons:
        return ""
    if risk is None or point.fmr is None or point.fnmr is None:
        return str(text.MEANING_UNKNOWN)
    measured = {
        "missed": text.number(100 * point.fnmr.value, ".1f"),
        "evidence": _evidence(point, point.fmr, point.fnmr),
    }
    if not risk.kept:
        return str(text.search_strictest(**measured))
    among = text.enrolled_pictures(count=risk.comparisons)
    return str(text.search_meaning(share=share(risk.fpir_bound), pictures=among, **measured))


def _evidence(point: OperatingPoint, fmr: Rate, fnmr: Rate) -> str:
    return str(
        text.evidence(
            dataset=text.dataset(point),
            confidence=text.number(100 * fmr.confidence, ".0f"),
            passing=_span(fmr),
            non_mated=fmr.trials,
            missing=_span(fnmr),
            mated=fnmr.trials,
        )
    )


def _span(rate: Rate) -> str:
    low, high = (text.number(100 * share, two_digits(100 * share)) for share in (rate.low, rate.high))
    return str(text.span(low=low, high=high))


def _band(review: OperatingPoint) -> str:
    shown = text.number(review.threshold, ".3f")
    if review.target_fmr is None:
        return str(text.band_unknown(review=shown))
    return str(text.band(review=shown, number=round(1 / review.target_fmr)))


def share(rate: float) -> str:
    """A part of all strangers, 0 to 1, in words."""
    if rate <= 0:
        return str(text.SHARE_NONE)
    if rate >= 0.995:
        return str(text.SHARE_ALL)
    return str(
        text.share(number=round(1 / rate)) if rate <= 0.2 else text.share_of_100(number=round(100 * rate))
    )
