"""The threshold of a search (1:N): the rate asked for is one of searches, not of comparisons.

A search compares a face with every enrolled sample and gives a name if the nearest one is within
the threshold, so a stranger has as many chances to be mistaken as there are samples. Hence the FPIR
(false positive identification rate) of a search is higher than the FMR of each comparison. If the
comparisons were independent,

    FPIR = 1 - (1 - FMR) ** N

(Grother and Phillips, "Models of Large Population Recognition Performance", CVPR 2004; Daugman gave
the same formula for iris codes). Comparisons of one face are not independent: samples of the same
person, and people who look alike, tend to be mistaken together. That makes the true FPIR smaller,
and the correction errs to the safe side; in any case FPIR is at most N * FMR.
"""

import math
from collections.abc import Sequence

from facenet_app.comparison.decide import checked_rate, no_points
from facenet_app.comparison.evidence import evidence
from facenet_app.domain import Notice, NoticeCode, OperatingPoint, SearchRisk

__all__ = ["choose_for_search", "explain_search", "fmr_for_fpir", "unmet"]


def fmr_for_fpir(fpir: float, comparisons: int) -> float:
    """The FMR that each of ``comparisons`` (1 or more) needs for this FPIR; both are 0 … 1.

    Raises:
        InvalidThreshold: ``fpir`` is not between 0 and 1.
    """
    # 1 - (1 - fpir) ** (1 / comparisons), without losing the digits of a small rate to the 1.
    return -math.expm1(math.log1p(-checked_rate(fpir)) / comparisons)


def choose_for_search(
    points: Sequence[OperatingPoint], fpir: float, comparisons: int, model: str
) -> tuple[OperatingPoint, SearchRisk]:
    """The measured operating point for searches among ``comparisons`` samples, and its risk.

    It is the one whose FMR is nearest to what ``fpir`` needs without being above it. If none is
    strict enough, it is the strictest: thresholds are never extrapolated, and ``kept`` of the risk
    is False.

    Raises:
        InvalidThreshold: ``fpir`` is not between 0 and 1.
        NoOperatingPoint: nothing was measured for this model.
    """
    required = fmr_for_fpir(fpir, max(comparisons, 1))
    measured = {point.target_fmr: point for point in points if point.target_fmr is not None}
    if not measured:
        raise no_points(model)
    risks = [SearchRisk(comparisons, fpir, required, fmr) for fmr in sorted(measured)]
    strict_enough = [risk for risk in risks if risk.kept]
    risk = strict_enough[-1] if strict_enough else risks[0]
    return measured[risk.fmr], risk


def explain_search(point: OperatingPoint, risk: SearchRisk | None) -> str:
    """What the threshold means for a search, in a sentence for people; empty if nobody is enrolled.

    What strangers' faces may come to is left to :func:`unmet` where the rate asked for is not kept.
    """
    if risk is not None and not risk.comparisons:
        return ""
    if risk is None or point.fmr is None or point.fnmr is None:
        return "This threshold was given by hand; nothing is known about its error rates."
    missed = f"{100 * point.fnmr.value:.1f} % of comparisons with the right person would be missed"
    if not risk.kept:
        return f"{missed} at this threshold, the strictest one {evidence(point)}."
    return (
        f"Of strangers' faces at most about {_one_in(risk.fpir_bound)} would be given a name by a search "
        f"among {_pictures(risk)}, and {missed} (threshold {evidence(point)})."
    )


def unmet(risk: SearchRisk) -> Notice | None:
    """What is known where no threshold was measured that keeps the rate asked for, else None."""
    if risk.kept:
        return None
    return Notice(
        NoticeCode.RATE_NOT_KEPT,
        f"Among {_pictures(risk)} up to {_one_in(risk.fpir_bound)} strangers' faces would be given a name, "
        f"rather than the {_one_in(risk.target_fpir)} asked for: no threshold was measured that is strict "
        "enough, so let a person check names.",
        values={"pictures": risk.comparisons, "strangers": risk.fpir_bound, "asked": risk.target_fpir},
    )


def _pictures(risk: SearchRisk) -> str:
    return "1 enrolled picture" if risk.comparisons == 1 else f"{risk.comparisons:,} enrolled pictures"


def _one_in(rate: float) -> str:
    if rate <= 0:
        return "none"
    if rate >= 0.995:
        return "all"
    return f"1 in {round(1 / rate):,}" if rate <= 0.2 else f"{round(100 * rate)} in 100"
