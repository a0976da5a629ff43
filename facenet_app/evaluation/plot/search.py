"""Figures of searching a gallery (1:N): CMC and open set."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from facenet_app.evaluation.identified import StrategyResult
from facenet_app.evaluation.plot.style import (
    SQUARE,
    color,
    fmr_ticks,
    look,
    marker,
    new_figure,
    percent_tick,
    styled,
)
from facenet_app.evaluation.wording import count

__all__ = ["cmc_figure", "open_set_figure"]


@styled
def cmc_figure(strategies: Sequence[StrategyResult], gallery_size: int) -> Figure:
    """Share of mated probes whose person is among the first r; bars are the intervals at rank 1."""
    figure = new_figure(SQUARE)
    axes = figure.subplots()
    for index, each in enumerate(strategies):
        ranks = np.arange(1, len(each.cmc) + 1)
        axes.plot(ranks, each.cmc, marker=marker(index), markersize=4, label=each.strategy, **look(index))
        # Beside each other: the intervals of strategies on the same probes lie on one spot.
        at = 1 + 0.15 * (index - (len(strategies) - 1) / 2)
        axes.vlines(at, each.rank_one.low, each.rank_one.high, color=color(index))
    last = max(len(each.cmc) for each in strategies)
    axes.set_xticks([1, *range(5, last + 1, 5)] if last > 10 else range(1, last + 1))
    axes.yaxis.set_major_formatter(FuncFormatter(percent_tick))
    axes.set(xlabel="rank", ylabel="found within this rank")
    axes.set_title(
        f"CMC\n{count(strategies[0].rank_one.trials)} mated probes, {count(gallery_size)} people enrolled"
    )
    axes.legend(loc="lower right")
    return figure


@styled
def open_set_figure(strategies: Sequence[StrategyResult], gallery_size: int) -> Figure:
    """FNIR by target FPIR (log axis), with intervals, where the data supports the rate."""
    figure = new_figure(SQUARE)
    axes = figure.subplots()
    for index, each in enumerate(strategies):
        rows = [(row.target_fpir, row.fnir) for row in each.open_set if row.fnir is not None]
        # Beside each other: see the CMC.
        at = [target * 1.06 ** (index - (len(strategies) - 1) / 2) for target, _ in rows]
        axes.plot(
            at,
            [rate.value for _, rate in rows],
            marker=marker(index),
            label=each.strategy,
            **look(index),
        )
        axes.vlines(at, [r.low for _, r in rows], [r.high for _, r in rows], color=color(index))
    axes.set_xscale("log")
    fmr_ticks(axes)
    axes.yaxis.set_major_formatter(FuncFormatter(percent_tick))
    axes.set(xlabel="false positive identification rate (FPIR), log axis", ylabel="FNIR", ylim=(0, None))
    axes.set_title(f"Open set\n{count(gallery_size)} people enrolled")
    axes.legend(loc="upper right")
    return figure
