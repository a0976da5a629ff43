"""Figures of a report beside each other on the page, in its colors."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:  # draws with matplotlib, which takes long to import
    from facenet_app.evaluation.figures import ReportFigure

__all__ = ["figure_grid"]


def figure_grid(figures: "Iterable[ReportFigure]") -> Markup:
    """Every figure with its caption."""
    return Markup('<div class="fa-figures">{}</div>').format(
        Markup("").join(
            Markup('<figure class="{}">{}<figcaption>{}</figcaption></figure>').format(
                "fa-wide" if each.wide else "", each.inline(), each.caption
            )
            for each in figures
        )
    )
