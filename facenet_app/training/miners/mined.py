"""What online miners have in common, and what they give."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from facenet_app.errors import UsageError
from facenet_app.training.distance import (
    Distance,
    distance_named,
    exact_products,
    from_squared,
    prepared,
    squared_distances,
)
from facenet_app.training.miners.groups import Groups, check_batch, row_chunks

__all__ = ["Block", "Mined", "MinerConfig", "OnlineMiner"]


@dataclass(frozen=True, slots=True)
class MinerConfig:
    """What all online miners can be told.

    Args:
        distance: by which triplets are chosen and described.
        margin: give only triplets with ``d_ap - d_an + margin > 0``, those that cost something; None
            gives all that the miner chooses.

    Raises:
        UsageError: a margin below 0 or not finite, or an unknown distance.
    """

    distance: Distance = Distance.SQUARED
    margin: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", distance_named(self.distance))
        if self.margin is not None and not (isfinite(self.margin) and self.margin >= 0):
            raise UsageError(f"the miner's margin is {self.margin}", "give a finite number, 0 or more")


@dataclass(frozen=True, slots=True, eq=False)
class Mined:
    """Triplets as rows of the batch: three int64 (T,), on the device of the embeddings.

    ``statistics``: detached scalars; ``triplets`` (how many), ``mean_ap`` and ``mean_an`` (distances in the
    miner's kind), ``semi_hard`` and ``hard`` (shares whose negative is farther than the positive, and is
    not); NaN without triplets.
    """

    anchor: Tensor
    positive: Tensor
    negative: Tensor
    statistics: Mapping[str, Tensor]


class Block(NamedTuple):
    """Chosen triplets of some anchors: places int64 (T,), and squared distances (T,)."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor
    squared_ap: Tensor
    squared_an: Tensor


class OnlineMiner(ABC):
    """Chooses triplets of a batch by the distances that its embeddings have now.

    ``miner(embeddings, labels)`` gives :class:`Mined`. How many triplets there are depends on the
    embeddings, so on a GPU mining waits for it; the losses with the same names do not.
    """

    def __init__(self, config: MinerConfig | None = None) -> None:
        self.config = config or MinerConfig()

    @torch.no_grad()
    def __call__(self, embeddings: Tensor, labels: Tensor) -> Mined:
        """Triplets of embeddings (N, D), floating, of the people int64 (N,).

        Raises:
            ValueError: the shapes do not fit, or the embeddings are not floating.
        """
        check_batch(embeddings, labels)
        groups = Groups.of(labels, embeddings.device)
        with exact_products(embeddings.device):
            points = prepared(embeddings, self.config.distance)[groups.order]
            blocks = [
                self._costly(self._block(squared_distances(points[places], points), groups, places))
                for places in row_chunks(groups.anchors, len(points))
            ]
        return self._described(blocks, groups)

    @abstractmethod
    def _block(self, squared: Tensor, groups: Groups, places: Tensor) -> Block:
        """Triplets of the anchors at (B,) places, by their squared distances (B, N), to be overwritten.

        Every one of these anchors has a positive and a negative; with none at all there is no call.
        """

    def _costly(self, block: Block) -> Block:
        if self.config.margin is None:
            return block
        near = from_squared(block.squared_ap, self.config.distance)
        costs = near - from_squared(block.squared_an, self.config.distance) + self.config.margin > 0
        return Block(*(column[costs] for column in block))

    def _described(self, blocks: list[Block], groups: Groups) -> Mined:
        none = groups.order[:0]
        lengths = torch.zeros(0, device=none.device)
        empty = Block(none, none, none, lengths, lengths)
        anchor, positive, negative, near, far = map(torch.cat, zip(*(blocks or [empty]), strict=True))
        near, far = from_squared(near, self.config.distance), from_squared(far, self.config.distance)
        farther = (far > near).to(near.dtype).mean()
        statistics = {
            "triplets": torch.full((), len(anchor), device=near.device),
            "mean_ap": near.mean(),
            "mean_an": far.mean(),
            "semi_hard": farther,
            "hard": 1 - farther,
        }
        order = groups.order
        return Mined(order[anchor], order[positive], order[negative], statistics)
