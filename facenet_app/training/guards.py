"""Runs that lead nowhere, noticed while they do: collapse, NaN, margins that cannot work, leakage.

A guard says what it saw and what to try. Those that stop a run raise
:class:`~facenet_app.errors.TrainingFailed` or, before anything was computed, UsageError.
"""

from collections import deque
from collections.abc import Sequence
from math import isfinite
from typing import Any

from facenet_app.dataset.labelled import LabelledImages
from facenet_app.errors import TrainingFailed, UsageError
from facenet_app.training.config import GuardConfig
from facenet_app.training.distance import Distance

__all__ = [
    "CollapseDetector",
    "advice",
    "check_finite",
    "check_margin",
    "check_temperature",
    "refuse_leakage",
]

ROWS_SHOWN = 8
FARTHEST = {Distance.EUCLIDEAN: 2.0, Distance.SQUARED: 4.0, Distance.COSINE: 2.0}
"""The largest distance that two unit vectors can have."""
LEAST_SHARE = 1e-3
"""Margins below this share of the largest distance are lost in the noise of half precision."""
LEAST_SPREAD, MOST_SPREAD = 0.1, 2000.0
"""Of similarities: with less all negatives weigh alike, with more whatever rounding makes the nearest."""
LITTLE_LEFT = 0.005
NEAR_MARGIN = 0.02
"""A loss this close to the margin, as a share of it, is that of embeddings without any order."""


class CollapseDetector:
    """Looks whether all faces become the same point, which minimizes many losses halfway and forever.

    Two signs, each over ``window`` batches in a row: the mean distance of embeddings, or the spread of
    their distances, is next to nothing; or a triplet loss stays at its margin with every triplet
    active, which it does if positives and negatives are equally far.

    Args:
        config: limits.
        margin: of the loss, if it has one.
    """

    def __init__(self, config: GuardConfig, margin: float | None = None) -> None:
        self._config, self._margin = config, margin
        self._seen: deque[tuple[float, float, float, float]] = deque(maxlen=config.window)

    def see(self, loss: float, distance: float, spread: float, active: float) -> None:
        """Take note of one batch.

        Args:
            loss: its value.
            distance: mean distance of embeddings, 0 … 2.
            spread: standard deviation of these distances.
            active: share of the mined triplets that have a loss; NaN where a loss mines none.

        Raises:
            TrainingFailed: the last ``window`` batches all looked collapsed.
        """
        self._seen.append((loss, distance, spread, active))
        if len(self._seen) < self._config.window:
            return
        config = self._config
        if all(far < config.distance for _, far, _, _ in self._seen):
            raise self._failed(f"the mean distance of embeddings was {distance:.4f} (of 0 to 2)")
        if all(width < config.spread for _, _, width, _ in self._seen):
            raise self._failed(f"all embeddings were equally far apart ({distance:.3f} ± {spread:.4f})")
        margin = self._margin
        if margin and all(
            abs(value - margin) < NEAR_MARGIN * margin
            and share > 1 - NEAR_MARGIN
            and far < 4 * config.distance
            for value, far, _, share in self._seen
        ):
            raise self._failed(
                f"the loss stood at the margin ({loss:.4f} of {margin:g}), all triplets active"
            )

    def state(self) -> list[Any]:
        """What a checkpoint keeps."""
        return [list(each) for each in self._seen]

    def restore(self, state: Sequence[Sequence[float]]) -> None:
        self._seen.extend((each[0], each[1], each[2], each[3]) for each in state)

    def _failed(self, seen: str) -> TrainingFailed:
        return TrainingFailed(
            f"the embeddings have collapsed: for {self._config.window} batches {seen}",
            "try a lower rate, a longer warm-up, triplet_semi_hard or triplet_batch_all instead of the "
            "hardest triplets, or a smaller margin",
        )


def advice(active: float | None) -> str | None:
    """What to say of an epoch in which hardly any mined triplet had a loss; None otherwise.

    Such a run is no failure, it only learns next to nothing any more.

    Args:
        active: mean share of active triplets, None where the loss mines none.
    """
    if active is None or active >= LITTLE_LEFT:
        return None
    return (
        f"only {active:.2%} of the mined triplets had a loss, so little is learned: try a larger margin, "
        "more people in a batch, harder triplets (triplet_batch_hard), or stop here"
    )


def check_finite(loss: float, gradient: float, where: str, rows: Sequence[int]) -> None:
    """Nothing, if loss and gradient norm are numbers; called before the weights follow the gradient.

    Args:
        loss: of the batch.
        gradient: norm of its gradient.
        where: the batch in words, "epoch 3, batch 17".
        rows: its images, as the data number them.

    Raises:
        TrainingFailed: one of them is NaN or infinite; the message names the batch.
    """
    if isfinite(loss) and isfinite(gradient):
        return
    what = "gradient" if isfinite(loss) else "loss"
    shown = ", ".join(map(str, rows[:ROWS_SHOWN])) + (" …" if len(rows) > ROWS_SHOWN else "")
    raise TrainingFailed(
        f"the {what} is not a number in {where} (images {shown}; all of them are in stopped.json)",
        "look at these pictures, lower the rate, lengthen the warm-up, or use precision = 'float32'",
        rows=tuple(rows),
    )


def check_margin(margin: float | None, distance: Distance | None) -> None:
    """Nothing, if a margin can be met and felt by unit vectors under a distance.

    Raises:
        UsageError: it cannot; the message says what the distances reach.
    """
    if margin is None or distance is None:
        return
    farthest = FARTHEST[distance]
    if not LEAST_SHARE * farthest <= margin < farthest:
        raise UsageError(
            f"a margin of {margin:g} makes no sense where distances ({distance.value}) are 0 to {farthest:g}",
            f"choose one between {0.05 * farthest:g} and {0.5 * farthest:g}",
        )


def check_temperature(temperature: float | None, distance: Distance | None) -> None:
    """Nothing, if similarities ``- distance / temperature`` of unit vectors can be told apart and are finite.

    Raises:
        UsageError: the farthest and the nearest would weigh alike, or all but the nearest nothing.
    """
    if temperature is None or distance is None:
        return
    farthest = FARTHEST[distance]
    if not LEAST_SPREAD <= farthest / temperature <= MOST_SPREAD:
        raise UsageError(
            f"a temperature of {temperature:g} makes no sense where distances ({distance.value}) are 0 to "
            f"{farthest:g}",
            "choose one between 0.01 and 1",
        )


def refuse_leakage(learned: LabelledImages, held_out: LabelledImages) -> None:
    """Nothing, if nobody is in both.

    Raises:
        UsageError: somebody is; a model measured on people it learned from looks better than it is.
    """
    both = set(learned.people) & set(held_out.people)
    if both:
        raise UsageError(
            f"{len(both):,} of the {len(held_out.people):,} held-out people are also learned from",
            "take them out of one of the two sets: accuracy on people seen in training says nothing",
        )
    if learned.alignment != held_out.alignment or learned.side != held_out.side:
        raise UsageError(
            f"the held-out pictures are {held_out.alignment} of {held_out.side} pixels, those to learn from "
            f"{learned.alignment} of {learned.side}",
            "prepare both for the same model",
        )
