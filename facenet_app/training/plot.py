"""The drawings of a training report, in the style of the evaluation's: numbers in, figures out.

matplotlib itself is imported by :mod:`facenet_app.evaluation.plot` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.evaluation.figures import ReportFigure
from facenet_app.evaluation.plot.style import SQUARE, WIDE, color, look, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["People", "curves", "people_figure", "projected"]

Records = Sequence[Mapping[str, Any]]

PEOPLE_SHOWN: Final = 12
PICTURES_SHOWN: Final = 20
FEWEST_NEIGHBORS: Final = 40
"""Points from which on neighborhoods say more than the two directions of largest variance."""
_MARKERS: Final = "os^vDP"


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure of numbers over batches: ``lines`` are names in the records with labels to show."""

    name: str
    title: str
    caption: str
    lines: tuple[tuple[str, str], ...]
    log: bool = False


CURVES: Final = (
    Curve(
        "loss", "Loss", "Mean over the batches of an epoch, and single batches between.", (("loss", "loss"),)
    ),
    Curve(
        "distances",
        "Mined distances",
        "Mean distance of anchors from their positives and negatives: what is learned is the gap.",
        (("mean_ap", "anchor to positive"), ("mean_an", "anchor to negative")),
    ),
    Curve(
        "mining",
        "Mined triplets",
        "Shares of the mined triplets. Few active ones: little left to learn at this margin.",
        (("active", "active"), ("semi_hard", "semi-hard"), ("fallback", "fallback")),
    ),
    Curve(
        "embeddings",
        "Embeddings",
        "Mean distance of any two embeddings of a batch and its spread; both near 0 would be a collapse.",
        (("distance", "mean distance"), ("spread", "standard deviation")),
    ),
    Curve(
        "norm",
        "Norm before normalization",
        "Mean length of the vectors that the network gives.",
        (("norm", "norm"),),
    ),
    Curve("rate", "Learning rate", "As the schedule had it.", (("rate", "rate"),)),
    Curve(
        "gradient",
        "Gradient",
        "Norm of the gradient before clipping.",
        (("gradient", "norm of the gradient"),),
        log=True,
    ),
)


def curves(records: Records) -> list[ReportFigure]:
    """What the records of a run show, each number over the batches learned from."""
    drawn = [
        _curve(curve, records)
        for curve in CURVES
        if any(name in record for record in records for name, _ in curve.lines)
    ]
    return [_held_out(records), *drawn] if any("held_out" in each for each in records) else drawn


@styled
def _curve(curve: Curve, records: Records) -> ReportFigure:
    figure = new_figure(SQUARE)
    axes = figure.subplots()
    for index, (name, label) in enumerate(curve.lines):
        each = [
            (record["step"], record[name])
            for record in records
            if name in record and record["kind"] == "step"
        ]
        means = [
            (record["step"], record[name])
            for record in records
            if name in record and record["kind"] == "epoch"
        ]
        if each:
            axes.plot(*zip(*each, strict=True), color=color(index), linewidth=0.8, alpha=0.5)
        if means:
            axes.plot(*zip(*means, strict=True), **look(index), marker="o", markersize=3.5, label=label)
        elif each:
            axes.plot([], [], **look(index), label=label)
    if len(curve.lines) > 1:
        axes.legend()
    # A batch without active triplets has no gradient, and 0 no logarithm.
    if curve.log and all(record.get(name, 1) > 0 for record in records for name, _ in curve.lines):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    axes.set(xlabel="batches", title=curve.title)
    return ReportFigure(curve.name, None, "overview", curve.caption, figure)


@styled
def _held_out(records: Records) -> ReportFigure:
    measured = [(record["step"], record["held_out"]["tar"]) for record in records if "held_out" in record]
    figure = new_figure(SQUARE)
    axes = figure.subplots()
    for index, rate in enumerate(measured[0][1]):
        points = [(step, tar[rate]) for step, tar in measured]
        axes.plot(*zip(*points, strict=True), **look(index), marker="o", markersize=3.5, label=f"FMR {rate}")
    axes.legend()
    axes.set(xlabel="batches", ylabel="TAR", title="Held-out people")
    caption = (
        "True accept rate over all pairs of people who were never learned from; the first point is the start."
    )
    return ReportFigure("held-out", None, "overview", caption, figure)


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Points in the plane, float (N, 2), of the ``person`` numbered int (N,)."""

    points: NDArray[np.float64]
    person: NDArray[np.int64]


def projected(vectors: NDArray[np.float32], labels: NDArray[np.int64], seed: int) -> People:
    """Embeddings of the people with the most pictures in two dimensions.

    By t-SNE (van der Maaten and Hinton, JMLR 2008), which shows who is near whom; by principal components
    where there are too few for it.

    Args:
        vectors: float32 (N, D).
        labels: int64 (N,).
        seed: of t-SNE.
    """
    most = np.argsort(-np.bincount(labels), kind="stable")[:PEOPLE_SHOWN]
    rows = np.concatenate([np.flatnonzero(labels == person)[:PICTURES_SHOWN] for person in most])
    person = np.repeat(
        np.arange(most.size), [min(PICTURES_SHOWN, int((labels == each).sum())) for each in most]
    )
    chosen = vectors[rows].astype(np.float64)
    if len(chosen) >= FEWEST_NEIGHBORS:
        from sklearn.manifold import TSNE

        plane = TSNE(perplexity=min(30, len(chosen) / 4), init="pca", random_state=seed)
        return People(np.asarray(plane.fit_transform(chosen), np.float64), person)
    centered = chosen - chosen.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    return People((left * sizes)[:, :2], person)


@styled
def people_figure(before: People | None, after: People) -> ReportFigure:
    """The same held-out people before and after."""
    figure = new_figure(WIDE)
    shown = [("before training", before), ("after", after)] if before is not None else [("after", after)]
    for axes, (title, people) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _scatter(axes, people, title)
    caption = (
        f"The {after.person.max() + 1} held-out people with the most pictures, each with a color and marker. "
        "Near points are alike; the axes and the distances between far groups mean nothing."
    )
    return ReportFigure("people", None, "overview", caption, figure)


def _scatter(axes: "Axes", people: People, title: str) -> None:
    for person in range(int(people.person.max()) + 1):
        points = people.points[people.person == person]
        shape = _MARKERS[person // 6 % len(_MARKERS)]
        axes.scatter(points[:, 0], points[:, 1], s=16, color=color(person), marker=shape, linewidths=0)
    axes.set(xticks=[], yticks=[], title=title)
