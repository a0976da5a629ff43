"""What is drawn is what was counted, and says so; matplotlib's own state is left alone."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from made_results import HOSTILE, identification, verification
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image
from scipy.stats import norm

from facenet_app.evaluation import plot
from facenet_app.evaluation.curves import ErrorCurve
from facenet_app.evaluation.verified import VerificationResult

DOLLARS = "$x$ <b>&"


@pytest.fixture(scope="module")
def verified() -> VerificationResult:
    return verification()


def texts(figure: Figure) -> str:
    """All that is written on a figure, legends and titles too."""
    figure.draw_without_rendering()
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        words += [axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel()]
        words += [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
        if legend := axes.get_legend():
            words += [text.get_text() for text in legend.get_texts()]
    return "\n".join(words)


def line(figure: Figure, label: str) -> tuple[np.ndarray, np.ndarray]:
    [found] = [each for axes in figure.axes for each in axes.lines if each.get_label() == label]
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


def bars(figure: Figure) -> list[np.ndarray]:
    """The ends of all interval bars, each (2, 2)."""
    collections = [each for axes in figure.axes for each in axes.collections]
    return [
        np.asarray(part)
        for each in collections
        if isinstance(each, LineCollection)
        for part in each.get_segments()
    ]


def test_histogram_shows_the_counts_and_marks_the_thresholds(verified: VerificationResult) -> None:
    figure = plot.histogram_figure(verified.histogram, [("in use", 1.107), ("FMR 1e-4", 1.082)])
    numbers = [patch.get_data().values for patch in figure.axes[1].patches if isinstance(patch, StepPatch)]
    assert np.array_equal(numbers, [verified.histogram.mated, verified.histogram.non_mated])
    assert figure.axes[1].get_yscale() == "log"
    for axes in figure.axes:
        assert [each.get_xdata()[0] for each in axes.lines] == [1.107, 1.082]
    written = texts(figure)
    for words in ("3,000 mated pairs", "60,000 non-mated pairs", "in use", "FMR 1e-4", "distance"):
        assert words in written


def test_shares_of_each_kind_of_pair_sum_to_one(verified: VerificationResult) -> None:
    figure = plot.histogram_figure(verified.histogram, [])
    outlines = [patch.get_data().values for patch in figure.axes[0].patches]
    assert [values.sum() for values in outlines] == pytest.approx([1, 1, 1, 1])


def test_roc_is_the_curve_with_the_best_fnmr_of_each_fmr(verified: VerificationResult) -> None:
    figure = plot.roc_figure([("sface", verified)])
    fmr, tar = line(figure, "sface")
    curve = verified.curve
    assert figure.axes[0].get_xscale() == "log"
    assert fmr.min() > 0
    for x, y in zip(fmr[::25], tar[::25], strict=True):
        assert y == max(1 - curve.fnmr[curve.fmr == x])


def test_intervals_on_the_roc_are_those_of_the_table(verified: VerificationResult) -> None:
    drawn = bars(plot.roc_figure([("sface", verified)]))
    rows = [row for row in verified.rates if row.fnmr and row.fmr and row.fmr.errors]
    assert len(drawn) == len(rows) == 4
    for bar, row in zip(drawn, rows, strict=True):
        assert bar[:, 0] == pytest.approx(row.fmr.value)
        assert sorted(bar[:, 1]) == pytest.approx([1 - row.fnmr.high, 1 - row.fnmr.low])


def test_det_has_normal_deviate_axes_and_the_equal_error_rate_on_the_diagonal(
    verified: VerificationResult,
) -> None:
    figure = plot.det_figure([("sface", verified)])
    x, y = line(figure, "sface, EER 0.63\N{NO-BREAK SPACE}%")
    curve = verified.curve
    inside = (curve.fmr > 0) & (curve.fmr < 1) & (curve.fnmr > 0) & (curve.fnmr < 1)
    assert norm.cdf(x) == pytest.approx(curve.fmr[inside])
    assert norm.cdf(y) == pytest.approx(curve.fnmr[inside])
    rings = [each for each in figure.axes[0].lines if len(each.get_xdata()) == 1]
    assert [norm.cdf(each.get_xdata()[0]) for each in rings] == pytest.approx([verified.eer])
    assert [each.get_xdata()[0] for each in rings] == [each.get_ydata()[0] for each in rings]
    assert "1e-3" in texts(figure)


def test_perfect_separation_is_said_instead_of_drawn(verified: VerificationResult) -> None:
    curve = ErrorCurve(
        np.array([0.5, 1.0, 1.5]), np.array([0.0, 0, 1]), np.array([1.0, 0, 0]), mated=3, non_mated=5
    )
    perfect = replace(verified, curve=curve, eer=0.0, rates=())
    assert "no threshold makes errors of both kinds" in texts(plot.det_figure([("sface", perfect)]))
    assert "3 mated, 5 non-mated pairs" in texts(plot.roc_figure([("sface", perfect)]))


def test_cmc_has_a_line_and_an_interval_for_each_strategy() -> None:
    result = identification()
    figure = plot.cmc_figure(result.strategies, result.gallery_size)
    for each in result.strategies:
        ranks, shares = line(figure, each.strategy)
        assert ranks[0] == 1
        assert np.array_equal(shares, each.cmc)
    ends = [sorted(bar[:, 1]) for bar in bars(figure)]
    assert ends == [[each.rank_one.low, each.rank_one.high] for each in result.strategies]
    assert "1,800 mated probes, 1,000 people enrolled" in texts(figure)


def test_open_set_leaves_out_rates_that_the_data_does_not_support() -> None:
    result = identification()
    figure = plot.open_set_figure(result.strategies, result.gallery_size)
    for each in result.strategies:
        at, fnir = line(figure, each.strategy)
        assert fnir.tolist() == [row.fnir.value for row in each.open_set if row.fnir]
        assert at == pytest.approx([0.1, 0.01], rel=0.1)


def test_error_versus_reject_draws_every_measure_and_the_lowest_possible(
    verified: VerificationResult,
) -> None:
    figure = plot.reject_figure(verified.rejects)
    for each in verified.rejects:
        rejected, fnmr = line(figure, each.label)
        assert np.array_equal(rejected, each.rejected)
        assert np.array_equal(fnmr, each.fnmr)
    assert np.array_equal(line(figure, "lowest possible")[1], verified.rejects[0].ideal)


def test_groups_without_pairs_have_no_mark(verified: VerificationResult) -> None:
    head = verified.headline
    rows = [("with", head.fmr, head.fnmr), ("without", head.fmr, None), ("x" * 60, None, None)]
    figure = plot.forest_figure("Errors by age", rows, (head.fmr, head.fnmr))
    # FMR on the left, FNMR on the right, a dotted line for all pairs in both.
    assert [len(axes.lines) for axes in figure.axes] == [2 + 1, 1 + 1]
    assert [len(axes.collections) for axes in figure.axes] == [2, 1]
    assert max(len(label.get_text()) for label in figure.axes[0].get_yticklabels()) == 32


def test_names_of_groups_are_no_formulas(verified: VerificationResult) -> None:
    head = verified.headline
    figure = plot.forest_figure(DOLLARS, [("$x$ & $y$", head.fmr, head.fnmr)], (head.fmr, head.fnmr))
    assert "$x$ &amp; $y$" in plot.svg(figure)


def test_a_rate_that_no_group_has_gets_no_empty_half(verified: VerificationResult) -> None:
    head = verified.headline
    [axes] = plot.forest_figure("", [("young", None, head.fnmr)], (head.fmr, head.fnmr)).axes
    assert axes.get_xlabel().startswith("FNMR")


@pytest.mark.parametrize("name", [DOLLARS, HOSTILE])
def test_names_are_drawn_as_they_are_and_escaped_in_svg(verified: VerificationResult, name: str) -> None:
    figure = plot.roc_figure([(name, verified)])
    assert name in texts(figure)
    written = plot.svg(figure)
    assert name not in written
    assert name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in written


def test_svg_is_the_same_every_time_and_carries_no_date(verified: VerificationResult) -> None:
    first, second = (plot.svg(plot.det_figure([("sface", verified)])) for _ in range(2))
    assert first == second
    assert "<metadata" not in first
    assert "<image" not in first


def test_png_is_large_enough_to_print(verified: VerificationResult) -> None:
    with Image.open(BytesIO(plot.png(plot.roc_figure([("sface", verified)])))) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) >= 600


def test_drawing_leaves_the_settings_of_matplotlib_alone(verified: VerificationResult) -> None:
    before = dict(mpl.rcParams)
    plot.svg(plot.histogram_figure(verified.histogram, []))
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported() -> None:
    program = "import facenet_app.evaluation.report, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
