"""Every valid triplet."""

import torch
from torch import Tensor

from facenet_app.training.miners.groups import Groups
from facenet_app.training.miners.mined import Block, OnlineMiner

__all__ = ["AllMiner"]


class AllMiner(OnlineMiner):
    """All triplets of two images of a person and one of another.

    There are very many: 1,800 images, 40 a person, make 124 million. With a margin only those that cost
    something are given, but all are looked at; the batch-all loss needs neither.
    """

    def _block(self, squared: Tensor, groups: Groups, places: Tensor) -> Block:
        members, positives = groups.members(places)
        row, nth = torch.nonzero(positives, as_tuple=True)
        positive = members[row, nth]
        near = squared[row, positive]
        far = squared.scatter_(1, members, torch.inf)[row]
        pair, negative = torch.nonzero(far < torch.inf, as_tuple=True)
        return Block(places[row[pair]], positive[pair], negative, near[pair], far[pair, negative])
