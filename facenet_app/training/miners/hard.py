"""The hardest triplet of each anchor: the farthest positive and the nearest negative."""

import torch
from torch import Tensor

from facenet_app.training.distance import squared_distances
from facenet_app.training.miners.groups import Groups, row_chunks

__all__ = ["choose_hard"]


def choose_hard(points: Tensor, groups: Groups) -> tuple[Tensor, Tensor]:
    """For each of the groups' anchors the place of the farthest positive and of the nearest negative.

    Of several equally far, one of them. int64 (A,) twice.

    Args:
        points: (N, D), prepared, in the order of the groups.
        groups: of the batch, with at least one anchor.
    """
    found = [_of_rows(points, groups, places) for places in row_chunks(groups.anchors, len(points))]
    positive, negative = zip(*found, strict=True)
    return torch.cat(positive), torch.cat(negative)


def _of_rows(points: Tensor, groups: Groups, places: Tensor) -> tuple[Tensor, Tensor]:
    squared = squared_distances(points[places], points)
    members, positives = groups.members(places)
    near = squared.gather(1, members).masked_fill_(~positives, -torch.inf)
    positive = members.gather(1, near.argmax(dim=1, keepdim=True)).squeeze(1)
    return positive, squared.scatter_(1, members, torch.inf).argmin(dim=1)
