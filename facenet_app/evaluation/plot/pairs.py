"""Figures of comparing pairs (1:1): distances, ROC and DET."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator
from scipy.special import ndtri

from facenet_app.evaluation.curves import ErrorCurve, Histogram
from facenet_app.evaluation.plot.style import (
    GRID,
    INK,
    PAPER,
    SERIES,
    SQUARE,
    WIDE,
    color,
    fmr_ticks,
    look,
    marker,
    new_figure,
    percent_tick,
    styled,
)
from facenet_app.evaluation.verified import VerificationResult
from facenet_app.evaluation.wording import count, exponent, percent

__all__ = ["det_figure", "histogram_figure", "roc_figure"]

_SHARES = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5)
"""Ticks of a normal-deviate axis."""


@styled
def histogram_figure(histogram: Histogram, marks: Sequence[tuple[str, float]]) -> Figure:
    """Distances of mated and non-mated pairs: shares above, numbers on a log axis below.

    The tails decide the rates, and only the lower half shows them. ``marks`` are the thresholds to
    draw, each with its label; the first is the one in use.
    """
    figure = new_figure(WIDE)
    shares, numbers = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    kinds = (("mated", histogram.mated), ("non-mated", histogram.non_mated))
    for index, (kind, pairs) in enumerate(kinds):
        fill = {"facecolor": SERIES[index], "edgecolor": PAPER, "hatch": ("//", "\\\\")[index], "alpha": 0.5}
        share = pairs / max(1, int(pairs.sum()))
        shares.stairs(share, histogram.edges, fill=True, label=f"{count(pairs.sum())} {kind} pairs", **fill)
        shares.stairs(share, histogram.edges, color=SERIES[index], linewidth=1.4)
        numbers.stairs(pairs, histogram.edges, color=SERIES[index], linewidth=1.4, baseline=None)
    for index, (label, threshold) in enumerate(marks):
        for axes in (shares, numbers):
            axes.axvline(
                threshold, color=INK, linewidth=0.9 if index else 1.5, linestyle=":" if index else "-"
            )
        # The first is the threshold in use; it may be next to an operating point, so it has its own height.
        place, shift = ((threshold, 1), -2) if index else ((threshold, 0.66), 2)
        shares.annotate(
            label, place, (shift, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
            rotation=90, va="top", ha="right" if index else "left", fontsize=8,
        )  # fmt: skip
    filled = np.flatnonzero(histogram.mated + histogram.non_mated)
    if filled.size:
        shares.set_xlim(histogram.edges[max(0, filled[0] - 1)], histogram.edges[filled[-1] + 1])
    width = histogram.edges[1] - histogram.edges[0]
    shares.yaxis.set_major_formatter(FuncFormatter(percent_tick))
    shares.set(ylabel=f"share of pairs, bins of {width:.2g}", title="Distances of pairs")
    shares.legend(loc="upper left")
    numbers.set(yscale="log", ylabel="number of pairs", xlabel="distance (0 = alike … 2)", ylim=(0.7, None))
    numbers.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count(round(value))))
    numbers.yaxis.set_minor_locator(NullLocator())
    return figure


@styled
def roc_figure(models: Sequence[tuple[str, VerificationResult]]) -> Figure:
    """True accept rate by FMR, which is on a log axis; bars are the intervals of the table's rates."""
    figure = new_figure(SQUARE)
    axes = figure.subplots()
    least, greatest = _fmr_range(models)
    for index, (name, result) in enumerate(models):
        curve = result.curve
        # Of thresholds with one FMR, the highest has the best FNMR.
        fmr, last = np.unique(curve.fmr[::-1], return_index=True)
        seen, best = fmr >= least, curve.fnmr[::-1][last]
        axes.plot(fmr[seen], 1 - best[seen], label=name, **look(index))
        rows = [row for row in result.rates if row.fmr and row.fnmr and row.fmr.errors]
        at = [row.fmr.value for row in rows if row.fmr]
        rates = [row.fnmr for row in rows if row.fnmr]
        axes.vlines(at, [1 - r.high for r in rates], [1 - r.low for r in rates], color=color(index))
        axes.plot(at, [1 - r.value for r in rates], marker(index), color=color(index), markersize=5)
    axes.set_xscale("log")
    axes.set_xlim(least, min(1, 1.5 * greatest))
    fmr_ticks(axes)
    axes.yaxis.set_major_formatter(FuncFormatter(percent_tick))
    axes.set(xlabel="false match rate (FMR), log axis", ylabel="true accept rate, 1 − FNMR")
    axes.set_title(f"ROC\n{_pairs(models[0][1].curve)}")
    axes.legend(loc="lower right")
    return figure


@styled
def det_figure(models: Sequence[tuple[str, VerificationResult]]) -> Figure:
    """FNMR by FMR, both on normal-deviate axes (Martin et al., Eurospeech 1997); rings are EERs."""
    figure = new_figure(SQUARE)
    axes = figure.subplots()
    for index, (name, result) in enumerate(models):
        curve = result.curve
        seen = (curve.fmr > 0) & (curve.fmr < 1) & (curve.fnmr > 0) & (curve.fnmr < 1)
        label = name if result.eer is None else f"{name}, EER {percent(result.eer)}"
        axes.plot(ndtri(curve.fmr[seen]), ndtri(curve.fnmr[seen]), label=label, **look(index))
        if result.eer:
            ring = ndtri(result.eer)
            axes.plot(ring, ring, "o", markerfacecolor=PAPER, color=color(index), zorder=3)
        if not seen.any():
            axes.plot([], [], " ", label="no threshold makes errors of both kinds")
    ends = ndtri([1e-7, 0.5])
    axes.plot(ends, ends, color=GRID, linewidth=1, zorder=0)
    least, greatest = _fmr_range(models)
    low, high = _fnmr_range([result.curve for _, result in models], least)
    axes.xaxis.set_ticks(list(ndtri(_SHARES)), [exponent(share) for share in _SHARES])
    axes.yaxis.set_ticks(list(ndtri(_SHARES)), [percent_tick(share) for share in _SHARES])
    axes.tick_params(axis="x", labelrotation=45)
    axes.set_xlim(ndtri(least), ndtri(min(0.5, 1.5 * greatest)))
    axes.set_ylim(ndtri(low), ndtri(high))
    axes.set(xlabel="false match rate (FMR), normal deviate", ylabel="FNMR, normal deviate")
    axes.set_title(f"DET\n{_pairs(models[0][1].curve)}")
    axes.legend(loc="upper right")
    return figure


def _fmr_range(models: Sequence[tuple[str, VerificationResult]]) -> tuple[float, float]:
    """The FMR to draw: from somewhat below the tables' least, or one pair, to the greatest counted."""
    one_pair = min(1 / result.curve.non_mated for _, result in models)
    rates = [row.fmr.value for _, result in models for row in result.rates if row.fmr and row.fmr.errors]
    greatest = max(float(result.curve.fmr.max()) for _, result in models)
    # A list may have a single non-mated pair: an axis needs two ends.
    return min(max(one_pair, min(rates, default=0) / 1.5), greatest / 10), greatest


def _fnmr_range(curves: Sequence[ErrorCurve], least_fmr: float) -> tuple[float, float]:
    """The FNMR to draw: that of the curves from ``least_fmr`` on, with room, but no less than half a pair."""
    drawn = np.concatenate([curve.fnmr[curve.fmr >= least_fmr] for curve in curves])
    half_a_pair = min(0.5 / curve.mated for curve in curves)
    low = min(0.1, max(drawn.min() / 2, half_a_pair))
    return low, min(0.5, 2 * max(drawn.max(), low))


def _pairs(curve: ErrorCurve) -> str:
    return f"{count(curve.mated)} mated, {count(curve.non_mated)} non-mated pairs"
