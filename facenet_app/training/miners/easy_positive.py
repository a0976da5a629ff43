"""The nearest positive of each anchor, with a semi-hard or a hard negative."""

from typing import Literal

import torch
from torch import Tensor

from facenet_app.training.miners.groups import Groups
from facenet_app.training.miners.mined import Block, MinerConfig, OnlineMiner

__all__ = ["EasyPositiveMiner"]


class EasyPositiveMiner(OnlineMiner):
    """One triplet an anchor, with its nearest positive.

    Xuan, Stylianou and Pless, "Improved Embeddings with Easy Positive Triplet Mining" (WACV 2020): images
    of a person need not all look alike, as long as each is near some other.

    Args:
        config: what all miners can be told.
        negative: ``semi_hard``, the nearest one farther than the positive, or where none is farther the
            farthest; or ``hard``, the nearest.
    """

    def __init__(
        self, config: MinerConfig | None = None, *, negative: Literal["semi_hard", "hard"] = "semi_hard"
    ) -> None:
        super().__init__(config)
        self.negative = negative

    def _block(self, squared: Tensor, groups: Groups, places: Tensor) -> Block:
        members, positives = groups.members(places)
        near = squared.gather(1, members).masked_fill_(~positives, torch.inf)
        squared_ap, nearest = near.min(dim=1)
        positive = members.gather(1, nearest.unsqueeze(1)).squeeze(1)
        squared_an, negative = squared.scatter_(1, members, torch.inf).min(dim=1)
        if self.negative == "semi_hard":
            farther = squared.masked_fill(squared <= squared_ap.unsqueeze(1), torch.inf)
            beyond, found = farther.min(dim=1)
            last, farthest = squared.scatter_(1, members, -torch.inf).max(dim=1)
            exists = beyond < torch.inf
            squared_an = torch.where(exists, beyond, last)
            negative = torch.where(exists, found, farthest)
        return Block(places, positive, negative, squared_ap, squared_an)
