"""Which figures a result gives, what each is called, and what its reader should look for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from facenet_app.evaluation import plot
from facenet_app.evaluation.identified import IdentificationResult
from facenet_app.evaluation.result import EvaluationResult
from facenet_app.evaluation.verified import VerificationResult
from facenet_app.evaluation.wording import capital, count, exponent, span

__all__ = ["ReportFigure", "figures"]

_THEMED = {
    plot.INK: "var(--ink)",
    plot.GRID: "var(--grid)",
    plot.PAPER: "var(--paper)",
    **{color: f"var(--series-{index})" for index, color in enumerate(plot.SERIES, 1)},
}


@dataclass(frozen=True, eq=False)
class ReportFigure:
    """One figure: ``name`` is that of its files; ``model`` an index, None where all models are in it.

    ``part`` says where it belongs: "overview", "groups", "quality" or "reject".
    """

    name: str
    model: int | None
    part: str
    caption: str
    figure: plot.Figure

    @property
    def wide(self) -> bool:
        """Wider than half a page."""
        return bool(self.figure.get_figwidth() > 6)

    @cached_property
    def svg(self) -> str:
        """The figure as SVG; drawn once, for its file and for the page."""
        return plot.svg(self.figure)

    def inline(self) -> Markup:
        """The SVG to put into a page: its colors follow the page's, its ids are unique there."""
        text = self.svg
        text = text[text.index("<svg") :]
        text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.name}-", text)
        for color, variable in _THEMED.items():
            text = text.replace(color, variable)
        label = Markup.escape(self.caption)
        labelled = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return Markup(labelled)  # noqa: S704 - matplotlib escapes every text of an SVG; the tests hold it to that


def figures(result: EvaluationResult) -> list[ReportFigure]:
    """Everything that can be drawn of this result; parts that it does not hold are left out."""
    verified = [(each.model, each.verification) for each in result.models if each.verification is not None]
    drawn = [*_error_curves(verified)] if verified else []
    for index, model in enumerate(result.models):
        suffix = f"-{index + 1}" if index else ""
        if model.verification is not None:
            drawn += _verification(model.verification, index, suffix)
        if model.identification is not None:
            drawn += _identification(model.identification, index, suffix)
    return drawn


def _error_curves(models: list[tuple[str, VerificationResult]]) -> Iterator[ReportFigure]:
    curve = models[0][1].curve
    yield ReportFigure(
        "roc",
        None,
        "overview",
        f"ROC. Higher is better; dots with bars are the rates of the table with their intervals. "
        f"Nothing can be seen left of one pair in {count(curve.non_mated)}.",
        plot.roc_figure(models),
    )
    yield ReportFigure(
        "det",
        None,
        "overview",
        "DET: the same errors on normal-deviate axes. Lower is better; the ring is the equal error rate.",
        plot.det_figure(models),
    )


def _verification(part: VerificationResult, model: int, suffix: str) -> Iterator[ReportFigure]:
    yield ReportFigure(
        f"histogram{suffix}",
        model,
        "overview",
        "Distances. Pairs of one person should lie left of the threshold, pairs of two people right of it; "
        "the lower half counts the few in the tails, which decide the error rates.",
        plot.histogram_figure(part.histogram, _marks(part)),
    )
    common = (part.headline.fmr, part.headline.fnmr)
    for number, table in enumerate(part.subgroups, 1):
        rows = [(row.value, row.fmr, row.fnmr) for row in table.rows if row.other is None]
        if any(fmr or fnmr for _, fmr, fnmr in rows):
            yield ReportFigure(
                f"group-{number}{suffix}",
                model,
                "groups",
                f"Errors by {table.attribute}, everybody at the threshold {table.threshold:.3f}. "
                "Bars are intervals: where they do not overlap, the groups differ.",
                plot.forest_figure(f"Errors by {table.attribute}", rows, common),
            )
    for errors in part.quality:
        unit = f"\n({errors.unit})" if errors.unit else ""
        title = capital(errors.label)
        rows = [(span(each.low, each.high), each.fmr, each.fnmr) for each in errors.bins]
        if any(fmr or fnmr for _, fmr, fnmr in rows):
            yield ReportFigure(
                f"quality-{errors.measure}{suffix}",
                model,
                "quality",
                f"{title} in the poorer picture of a pair: errors at the threshold {errors.threshold:.3f}.",
                plot.forest_figure(f"{title}{unit}", rows, common),
            )
    if part.rejects:
        yield ReportFigure(
            f"reject{suffix}",
            model,
            "reject",
            "Error versus reject: what FNMR remains when the poorest pictures are refused. "
            "A measure is worth something if its curve falls.",
            plot.reject_figure(part.rejects),
        )


def _marks(part: VerificationResult) -> list[tuple[str, float]]:
    """The thresholds to draw: the one in use, and the model's operating points or else the table's."""
    points = [(each.point.target_fmr, each.point.threshold) for each in part.points]
    rates = [(row.target_fmr, row.threshold) for row in part.rates]
    targets: Sequence[tuple[float | None, float | None]] = points or rates
    used = part.headline.threshold
    others = [
        (f"FMR {exponent(target)}", threshold)
        for target, threshold in targets
        if target is not None and threshold is not None and target <= 0.01 and threshold != used
    ]
    return [(f"in use: {used:.3f}", used), *others]


def _identification(part: IdentificationResult, model: int, suffix: str) -> Iterator[ReportFigure]:
    if any(each.cmc for each in part.strategies):
        yield ReportFigure(
            f"cmc{suffix}",
            model,
            "overview",
            "CMC: how often the right person is among the first candidates, everybody being enrolled.",
            plot.cmc_figure(part.strategies, part.gallery_size),
        )
    if any(row.fnir for each in part.strategies for row in each.open_set):
        yield ReportFigure(
            f"open-set{suffix}",
            model,
            "overview",
            "Open set: how many enrolled people are missed when only so many strangers may be given a name.",
            plot.open_set_figure(part.strategies, part.gallery_size),
        )
