"""The hardest triplet of each anchor: the farthest positive and the nearest negative."""

import torch
from torch import Tensor

from facenet_app.training.miners.groups import Groups
from facenet_app.training.miners.mined import Block, OnlineMiner

__all__ = ["HardMiner", "choose_hard"]


def choose_hard(squared: Tensor, groups: Groups, places: Tensor) -> Block:
    """The farthest positive and the nearest negative of each anchor; of several equally far, one.

    Args:
        squared: (B, N) squared distances from the anchors to all places; overwritten.
        groups: of the batch.
        places: int64 (B,), anchors with a positive and a negative.
    """
    members, positives = groups.members(places)
    near = squared.gather(1, members).masked_fill_(~positives, -torch.inf)
    squared_ap, farthest = near.max(dim=1)
    squared_an, negative = squared.scatter_(1, members, torch.inf).min(dim=1)
    positive = members.gather(1, farthest.unsqueeze(1)).squeeze(1)
    return Block(places, positive, negative, squared_ap, squared_an)


class HardMiner(OnlineMiner):
    """Batch hard (Hermans et al., 2017): one triplet an anchor."""

    def _block(self, squared: Tensor, groups: Groups, places: Tensor) -> Block:
        return choose_hard(squared, groups, places)
