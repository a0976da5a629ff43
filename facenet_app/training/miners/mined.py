"""What a miner gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from facenet_app.training.distance import Distance, paired_distances

__all__ = ["Mined", "OnlineMiner", "described"]


@dataclass(frozen=True, slots=True, eq=False)
class Mined:
    """Triplets as rows of the batch: three int64 (T,), on the device of the embeddings.

    ``statistics``: detached scalars; ``triplets`` (how many), ``mean_ap`` and ``mean_an`` (distances in the
    miner's kind, NaN without triplets), ``semi_hard`` and ``hard`` (shares whose negative is farther than
    the positive, and is not). Semi-hard here is without regard to a margin.
    """

    anchor: Tensor
    positive: Tensor
    negative: Tensor
    statistics: Mapping[str, Tensor]


class OnlineMiner(Protocol):
    """Chooses triplets of a batch by the distances that its embeddings have now."""

    def __call__(self, embeddings: Tensor, labels: Tensor) -> Mined:
        """Triplets of embeddings (N, D) of the people int64 (N,); nothing here is differentiated."""


def described(
    points: Tensor, distance: Distance, anchor: Tensor, positive: Tensor, negative: Tensor
) -> Mined:
    """The triplets with their statistics, from prepared points."""
    near = paired_distances(points[anchor], points[positive], distance)
    far = paired_distances(points[anchor], points[negative], distance)
    farther = (far > near).to(near.dtype).mean()
    statistics = {
        "triplets": torch.full((), len(anchor), device=points.device),
        "mean_ap": near.mean(),
        "mean_an": far.mean(),
        "semi_hard": farther,
        "hard": 1 - farther,
    }
    return Mined(anchor, positive, negative, statistics)
