"""Errors by quality of the pictures: a pair is as good as the poorer of its two."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from facenet_app.evaluation import bootstrap
from facenet_app.evaluation.breakdown import ErrorVersusReject, QualityBin, QualityErrors
from facenet_app.evaluation.compared import Compared, Rows
from facenet_app.evaluation.measures import MEASURES, Measure

__all__ = ["error_versus_reject", "quality_errors"]

SHARES = (0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1)
"""Of the mated pairs: where a bin ends. The ends are small, since that is where errors gather."""
REJECTED = np.arange(51) / 100


def quality_errors(
    compared: Compared, measures: NDArray[np.float32], threshold: float
) -> tuple[QualityErrors, ...]:
    """FNMR, and for listed pairs FMR, in bins of each measurement.

    Among all pairs of many pictures the FMR of a bin is left out: pairs that share people have no
    interval there that could be relied on.

    Args:
        compared: pairs among N pictures.
        measures: float32 (N, Q), columns as in ``measures.MEASURES``.
        threshold: a distance.
    """
    return tuple(
        QualityErrors(
            measure=each.name,
            label=each.label,
            unit=each.unit,
            threshold=threshold,
            bins=tuple(_bins(compared, each, measures[:, column], threshold)),
        )
        for column, each in enumerate(MEASURES)
    )


def _bins(
    compared: Compared, measure: Measure, values: NDArray[np.float32], threshold: float
) -> Iterator[QualityBin]:
    pairs = compared.pairs
    mated = _poorer(measure, values, compared.mated_rows)
    listed = pairs.pictures is None
    non_mated = _poorer(measure, values, compared.non_mated_rows) if listed else np.empty(0)
    edges = np.unique(np.quantile(np.concatenate([mated, non_mated]), SHARES))
    edges[-1] = np.nextafter(edges[-1], np.inf)  # the greatest value is in the last bin
    for low, high in pairwise(edges):
        inside = (mated >= low) & (mated < high)
        within = replace(pairs, mated=pairs.mated[inside], mated_person=pairs.mated_person[inside])
        fmr = None
        if listed:
            others = (non_mated >= low) & (non_mated < high)
            within = replace(
                within,
                non_mated=pairs.non_mated[others],
                non_mated_people=pairs.non_mated_people[others],
            )
            fmr = bootstrap.fmr(within, threshold) if others.any() else None
        fnmr = bootstrap.fnmr(within, threshold) if inside.any() else None
        yield QualityBin(float(low), float(high), fmr=fmr, fnmr=fnmr)


def error_versus_reject(
    compared: Compared, measures: NDArray[np.float32], threshold: float
) -> tuple[ErrorVersusReject, ...]:
    """What leaving out the mated pairs with the poorest pictures does to the FNMR, by each measurement.

    Empty if there are no errors to avoid. Arguments as for :func:`quality_errors`.
    """
    missed = compared.pairs.mated > threshold
    if not missed.any():
        return ()
    left_out = (REJECTED * missed.size).astype(np.intp)
    ideal = np.maximum(missed.sum() - left_out, 0) / (missed.size - left_out)
    curves = []
    for column, each in enumerate(MEASURES):
        poorer = _poorer(each, measures[:, column], compared.mated_rows)
        order = np.argsort(poorer if each.more_is_better else -poorer, kind="stable")
        avoided = np.r_[0, np.cumsum(missed[order])][left_out]
        fnmr = (missed.sum() - avoided) / (missed.size - left_out)
        curves.append(
            ErrorVersusReject(each.name, each.label, threshold, left_out / missed.size, fnmr, ideal)
        )
    return tuple(curves)


def _poorer(measure: Measure, values: NDArray[np.float32], rows: Rows) -> NDArray[np.float64]:
    """The measurement of the poorer picture of each pair."""
    both = values[rows].astype(np.float64)
    poorer: NDArray[np.float64] = both.min(axis=1) if measure.more_is_better else both.max(axis=1)
    return poorer
