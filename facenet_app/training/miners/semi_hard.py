"""Semi-hard negatives: the nearest one that is still farther than the positive.

FaceNet (Schroff et al., CVPR 2015, section 3.2) pairs every positive with a negative in
``d_ap < d_an``, so that learning does not start on mislabeled or hopeless faces and collapse.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from facenet_app.training.miners.groups import Groups
from facenet_app.training.miners.mined import Block, MinerConfig, OnlineMiner
from facenet_app.training.miners.ranks import ranks

__all__ = ["SemiHard", "SemiHardMiner", "choose_semi_hard"]

_INFINITY: Final = 0x7F800000
"""The bits of +inf in float32."""


@dataclass(frozen=True, slots=True, eq=False)
class SemiHard:
    """For each anchor of a chunk its positives, nearest first, each with its negative.

    All (B, P) with P one less than the images of the person who has the most; places are int64 and
    distances squared.
    """

    positive: Tensor
    negative: Tensor
    squared_ap: Tensor
    squared_an: Tensor
    valid: Tensor
    """bool: False where a person has fewer positives."""
    fallback: Tensor
    """bool: no negative is farther than the positive; this is the farthest of all."""


def choose_semi_hard(squared: Tensor, groups: Groups, places: Tensor) -> SemiHard:
    """The semi-hard negative of every (anchor, positive) pair of some anchors.

    The nearest negative with ``d_an > d_ap``; of several equally far the first. A negative exactly as
    far as the positive is not semi-hard. Where no negative is farther, the farthest one is taken (as in
    TensorFlow Addons and sentence-transformers). Distances are compared in float32.

    No row is sorted: the few positives are, every negative is put between two of them, and only the
    nearest of each such bucket can be chosen.

    Args:
        squared: (B, N) squared distances from the anchors to all places; its entries of the anchors'
            own people are overwritten.
        groups: of the batch; there are at least two people, and one of them has two images.
        places: int64 (B,), the anchors.
    """
    members, positives = groups.members(places)
    distances = squared.gather(1, members).masked_fill_(~positives, torch.inf)
    near, nearest_first = distances.sort(dim=1)
    positive = members.gather(1, nearest_first)[:, :-1]
    near = near[:, :-1]
    farthest = squared.scatter_(1, members, -torch.inf).argmax(dim=1, keepdim=True)
    squared.scatter_(1, members, torch.inf)
    found, exists = _nearest_beyond(near.float(), squared.float())
    negative = torch.where(exists, found, farthest)
    valid = positive != places.unsqueeze(1)
    return SemiHard(positive, negative, near, squared.gather(1, negative), valid, valid & ~exists)


def _nearest_beyond(thresholds: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """The column of the least value above each threshold, and whether there is one; both (B, T).

    Value and column travel in one integer: floats that are not negative sort like their bits.
    """
    bucket = ranks(thresholds, values)
    columns = torch.arange(values.shape[1], device=values.device)
    packed = values.view(torch.int32).to(torch.int64).bitwise_left_shift_(32).bitwise_or_(columns)
    shape = (len(values), thresholds.shape[1] + 1)
    least = torch.full(shape, _INFINITY << 32, device=values.device)
    least.scatter_reduce_(1, bucket, packed, "amin")
    # Beyond a threshold lie all later buckets; the first lies before every threshold.
    beyond = least[:, 1:].flip(1).cummin(1).values.flip(1)
    return beyond.bitwise_and(0xFFFFFFFF), beyond < (_INFINITY << 32)


class SemiHardMiner(OnlineMiner):
    """A triplet for each (anchor, positive) pair, with the negative of :func:`choose_semi_hard`.

    Args:
        config: what all miners can be told.
        fallback: also give pairs without a farther negative, with the farthest there is.
    """

    def __init__(self, config: MinerConfig | None = None, *, fallback: bool = True) -> None:
        super().__init__(config)
        self.fallback = fallback

    def _block(self, squared: Tensor, groups: Groups, places: Tensor) -> Block:
        chosen = choose_semi_hard(squared, groups, places)
        used = chosen.valid if self.fallback else chosen.valid & ~chosen.fallback
        anchor = places.unsqueeze(1).expand(used.shape)
        columns = (anchor, chosen.positive, chosen.negative, chosen.squared_ap, chosen.squared_an)
        return Block(*(column[used] for column in columns))
