"""How every figure looks, and how it becomes a file."""

import io
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from facenet_app.evaluation.wording import exponent

__all__ = [
    "GRID",
    "INK",
    "PAPER",
    "SERIES",
    "SQUARE",
    "WIDE",
    "color",
    "fmr_ticks",
    "look",
    "marker",
    "new_figure",
    "percent_tick",
    "png",
    "styled",
    "svg",
]

INK, GRID, PAPER = "#1f2430", "#d4d8df", "#ffffff"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Mated pairs (and the first of several models) have the first color, non-mated ones the second."""
WIDE, SQUARE = (8.0, 4.8), (4.6, 4.1)
"""Inches, width and height."""

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
_MARKERS = "osD^vP"

# Names are data: a dollar sign in one must not start a formula.
_STYLE: dict[Any, Any] = {  # matplotlib types the keys as one long Literal
    "font.family": "sans-serif",
    "font.size": 10,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}

styled = mpl.rc_context(_STYLE)
"""Decorates what draws: matplotlib's own settings are as before when it is done."""


def new_figure(size: tuple[float, float]) -> Figure:
    """An empty figure of its own, without pyplot's list of figures."""
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def color(index: int) -> str:
    """Of the series with this number."""
    return SERIES[index % len(SERIES)]


def marker(index: int) -> str:
    """Of the series with this number."""
    return _MARKERS[index % len(_MARKERS)]


def look(index: int) -> dict[str, Any]:
    """Color and line style of the series with this number."""
    return {"color": color(index), "linestyle": _LINES[index % len(_LINES)]}


def fmr_ticks(axes: Axes) -> None:
    """A log axis labeled as rates are typed, ``1e-3``."""
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: exponent(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def percent_tick(share: float, _: object = None) -> str:
    """A share of 1 in percent, as short as it can be."""
    return f"{100 * share:.4g} %"


def png(figure: Figure) -> bytes:
    """The figure as PNG, 150 dots per inch."""
    return _saved(figure, "png", dpi=150)


def svg(figure: Figure) -> str:
    """The figure as SVG 1.1 with its text as text; the same figure always gives the same bytes."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "facenet-app"}):
        fields: dict[str, None] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        return _saved(figure, "svg", metadata=fields).decode()


def _saved(figure: Figure, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    with mpl.rc_context(_STYLE):  # ticks are made when they are first drawn
        figure.savefig(file, format=kind, **options)
    return file.getvalue()
