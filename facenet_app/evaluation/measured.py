"""From compared pairs to every figure about verification."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import OperatingPoint
from facenet_app.errors import UsageError
from facenet_app.evaluation import bootstrap
from facenet_app.evaluation.by_group import subgroup_tables
from facenet_app.evaluation.by_quality import error_versus_reject, quality_errors
from facenet_app.evaluation.compared import Compared
from facenet_app.evaluation.curves import ErrorCurve
from facenet_app.evaluation.rates import PairDistances
from facenet_app.evaluation.verified import (
    Accuracy,
    Headline,
    PairExample,
    PointCheck,
    RateRow,
    VerificationResult,
)

__all__ = ["Decision", "Pictures", "verification"]

TARGETS: Final = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
EXAMPLES: Final = 24
"""Of the worst mated and of the nearest non-mated pairs."""
ALIKE: Final = 2
"""Examples that may show the same fault."""
LOOKED_AT: Final = 20_000
"""Pairs among which examples are looked for."""
CURVE_POINTS: Final = 500
"""Drawn of each end of the curve; there can be a million."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How the user would decide: by ``point``, or without one at ``fmr`` as measured on this data.

    ``points`` are all those measured for the model, to be checked.
    """

    fmr: float
    point: OperatingPoint | None = None
    points: tuple[OperatingPoint, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """N pictures: ``names``, float32 (N, Q) ``measures``, and the values of their ``attributes``."""

    names: Sequence[str]
    measures: NDArray[np.float32]
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def verification(
    compared: Compared, pictures: Pictures, decision: Decision, accuracy: Accuracy | None = None
) -> VerificationResult:
    """All figures of the pairs at the threshold of the decision.

    Raises:
        UsageError: the data cannot support the threshold or the FMR asked for, or an attribute has
            too many values.
    """
    counted = compared.pairs.distances()
    threshold, origin = _threshold(counted, decision)
    return VerificationResult(
        headline=_headline(compared, threshold, origin, accuracy),
        rates=tuple(_rate_row(compared, counted, target) for target in TARGETS),
        points=tuple(_checks(compared, decision.points)),
        eer=_eer(counted),
        auc=compared.auc(),
        curve=_curve(counted),
        histogram=compared.histogram(),
        worst_mated=_examples(compared, pictures.names, mated=True),
        nearest_non_mated=_examples(compared, pictures.names, mated=False),
        subgroups=subgroup_tables(compared, pictures.attributes, threshold),
        quality=quality_errors(compared, pictures.measures, threshold),
        rejects=error_versus_reject(compared, pictures.measures, threshold),
    )


def _threshold(counted: PairDistances, decision: Decision) -> tuple[float, str]:
    """The threshold to decide with, and where it comes from, in words."""
    point = decision.point
    if point is not None and point.target_fmr is None:
        return point.threshold, "given by hand"
    if point is not None:
        return point.threshold, (
            f"the model's operating point for FMR {point.target_fmr:g}, measured on {point.dataset}"
        )
    return counted.threshold_at(decision.fmr), (
        f"chosen for FMR {decision.fmr:g} on this very data: expect somewhat more errors elsewhere"
    )


def _headline(compared: Compared, threshold: float, origin: str, accuracy: Accuracy | None) -> Headline:
    fmr, fnmr = (rate(compared.pairs, threshold) for rate in (bootstrap.fmr, bootstrap.fnmr))
    mated, non_mated = compared.excluded
    whole = (mated, non_mated) == (0, 0)
    far, frr = (
        (fmr, fnmr)
        if whole
        else (bootstrap.fmr(compared.system, threshold), bootstrap.fnmr(compared.system, threshold))
    )
    return Headline(threshold, origin, far, frr, fmr, fnmr, mated, non_mated, accuracy)


def _rate_row(compared: Compared, counted: PairDistances, target: float) -> RateRow:
    try:
        threshold = counted.threshold_at(target)
    except UsageError as error:
        return RateRow(target, reason=error.message)
    return RateRow(
        target,
        threshold,
        bootstrap.fmr(compared.pairs, threshold),
        bootstrap.fnmr(compared.pairs, threshold),
    )


def _checks(compared: Compared, points: Sequence[OperatingPoint]) -> Iterator[PointCheck]:
    """The points whose threshold is within the pairs that were kept, the strictest first."""
    for point in sorted(points, key=lambda point: point.threshold):
        if point.threshold <= compared.pairs.limit:
            yield PointCheck(
                point,
                bootstrap.fmr(compared.pairs, point.threshold),
                bootstrap.fnmr(compared.pairs, point.threshold),
            )


def _eer(counted: PairDistances) -> float | None:
    try:
        return counted.eer()
    except UsageError:  # a poor model, and so many pairs that not all were kept
        return None


def _curve(counted: PairDistances) -> ErrorCurve:
    """Exact points of the curve, thinned where there are more than can be drawn."""
    roc = counted.roc()
    fnmr = 1 - roc.tar
    keep = np.arange(roc.fmr.size)
    if keep.size > 2 * CURVE_POINTS:
        # Even steps in FMR on a logarithmic axis, and in FNMR: no part of any plot is left bare.
        least = 1 / counted.non_mated_pairs
        steps = np.geomspace(least, max(roc.fmr[-1], 2 * least), CURVE_POINTS)
        by_fmr = np.searchsorted(roc.fmr, steps)
        by_fnmr = np.searchsorted(-fnmr, -np.linspace(1, fnmr[-1], CURVE_POINTS))
        keep = np.unique(np.concatenate([[0], by_fmr, by_fnmr, [keep[-1]]]).clip(0, keep[-1]))
    return ErrorCurve(
        thresholds=roc.threshold[keep],
        fmr=roc.fmr[keep],
        fnmr=fnmr[keep],
        mated=counted.mated.size,
        non_mated=counted.non_mated_pairs,
    )


def _examples(compared: Compared, names: Sequence[str], *, mated: bool) -> tuple[PairExample, ...]:
    """The pairs that are most wrong: a look at them shows what is, or that the label is.

    One picture under the wrong name, or two brothers, would fill the list; so no picture is in more than
    ``ALIKE`` of the mated pairs, and no two people are in more of the non-mated ones.
    """
    if mated:
        rows, distances = compared.mated_rows[::-1], compared.pairs.mated[::-1]
        subjects = rows
    else:
        rows, distances = compared.non_mated_rows, compared.pairs.non_mated
        subjects = np.sort(compared.pairs.non_mated_people[:LOOKED_AT], axis=1)
    seen: Counter[tuple[int, ...]] = Counter()
    chosen: list[int] = []
    for row, who in enumerate(subjects[:LOOKED_AT].tolist()):
        keys = [(each,) for each in who] if mated else [tuple(who)]
        if len(chosen) < EXAMPLES and all(seen[key] < ALIKE for key in keys):
            seen.update(keys)
            chosen.append(row)
    return tuple(
        PairExample(names[int(rows[row][0])], names[int(rows[row][1])], float(distances[row]), mated)
        for row in chosen
    )
