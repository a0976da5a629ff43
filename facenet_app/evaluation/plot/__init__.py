"""The drawings of a report: parts of a result in, matplotlib figures out; nothing is counted here.

Figures are made without pyplot, so no state is shared. Colors are Okabe and Ito's ("Color Universal
Design", 2008), told apart by any kind of color vision; line styles and markers tell them apart in
gray print too. Rates are drawn as shares of 1 on FMR axes and as percentages elsewhere.
"""

from matplotlib.figure import Figure

from facenet_app.evaluation.plot.breakdown import forest_figure, reject_figure
from facenet_app.evaluation.plot.pairs import det_figure, histogram_figure, roc_figure
from facenet_app.evaluation.plot.search import cmc_figure, open_set_figure
from facenet_app.evaluation.plot.style import GRID, INK, PAPER, SERIES, png, svg

__all__ = [
    "GRID",
    "INK",
    "PAPER",
    "SERIES",
    "Figure",
    "cmc_figure",
    "det_figure",
    "forest_figure",
    "histogram_figure",
    "open_set_figure",
    "png",
    "reject_figure",
    "roc_figure",
    "svg",
]
