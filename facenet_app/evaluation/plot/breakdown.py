"""Figures of where it goes wrong: errors by group and by quality, and what refusing pictures saves."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from facenet_app.domain import Rate
from facenet_app.evaluation.breakdown import ErrorVersusReject
from facenet_app.evaluation.plot.style import (
    INK,
    SERIES,
    look,
    marker,
    new_figure,
    percent_tick,
    styled,
)

__all__ = ["forest_figure", "reject_figure"]


@styled
def reject_figure(rejects: Sequence[ErrorVersusReject]) -> Figure:
    """FNMR that remains when the mated pairs with the poorest pictures are left out."""
    figure = new_figure((8.0, 4.0))
    axes = figure.subplots()
    for index, each in enumerate(rejects):
        axes.plot(each.rejected, each.fnmr, label=each.label, **look(index))
    axes.plot(
        rejects[0].rejected, rejects[0].ideal, color=INK, linewidth=1, linestyle=":", label="lowest possible"
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(percent_tick))
    axes.set(xlabel="mated pairs left out, poorest first", ylabel="FNMR of the others", ylim=(0, None))
    axes.set_title(f"Error versus reject at threshold {rejects[0].threshold:.3f}")
    figure.legend(loc="outside right upper")
    return figure


@styled
def forest_figure(
    title: str, rows: Sequence[tuple[str, Rate | None, Rate | None]], common: tuple[Rate, Rate]
) -> Figure:
    """FMR and FNMR with intervals, one line for each row (label, FMR, FNMR); no mark where unknown.

    ``common`` holds both rates of everybody, drawn as a line through all rows. A rate that no row has
    is left out.
    """
    columns = [column for column in (0, 1) if any(row[1:][column] for row in rows)]
    figure = new_figure((8.0 if len(columns) == 2 else 4.6, 1.7 + 0.3 * len(rows)))
    places = np.arange(len(rows))[::-1]
    halves = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for column, axes in zip(columns, halves, strict=True):
        kind, color = (("FMR", SERIES[1]), ("FNMR", SERIES[0]))[column]
        for place, row in zip(places, rows, strict=True):
            rate = row[1:][column]
            if rate is not None:
                axes.hlines(place, rate.low, rate.high, color=color, linewidth=2)
                axes.plot(rate.value, place, marker(column), color=color, markersize=5)
        axes.axvline(common[column].value, color=INK, linewidth=0.9, linestyle=":")
        axes.set_xlim(0, None)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(percent_tick))
        axes.set_xlabel(f"{kind} (dotted: all pairs)")
        axes.set_yticks(places, [_short(row[0]) for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    return figure


def _short(label: str) -> str:
    return label if len(label) <= 32 else f"{label[:31]}…"
