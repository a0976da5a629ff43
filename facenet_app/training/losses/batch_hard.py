"""Batch-hard triplet losses, with a margin and with a soft one."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from facenet_app.training.distance import Distance, paired_distances, squared_distances
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.config import SoftMarginConfig, TripletConfig
from facenet_app.training.losses.result import LossResult, without_terms
from facenet_app.training.miners.groups import Groups, row_chunks
from facenet_app.training.miners.hard import choose_hard

__all__ = ["BatchHardTripletLoss", "SoftMarginTripletLoss"]


class BatchHardTripletLoss(BatchLoss):
    """The mean of ``max(0, d_ap - d_an + margin)`` over anchors, with farthest positive, nearest negative.

    Hermans et al., "In Defense of the Triplet Loss" (2017). The mean is over all anchors that have a
    positive and a negative. At exactly the margin loss and gradient are 0.
    """

    def __init__(self, config: TripletConfig | None = None) -> None:
        self.config = config or TripletConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        hardest = _hardest(points, labels, self.distance)
        if hardest is None:
            return without_terms(points)
        near, far = hardest
        losses = (near - far + self.config.margin).relu()
        return _averaged(losses, near, far)


class SoftMarginTripletLoss(BatchLoss):
    """The mean of ``log(1 + exp(d_ap - d_an))`` over anchors, with farthest positive, nearest negative.

    Hermans et al. (2017): the margin fades out instead of ending, so triplets beyond it still pull. The
    loss is above 0 for every triplet, hence ``active`` is 1.
    """

    def __init__(self, config: SoftMarginConfig | None = None) -> None:
        self.config = config or SoftMarginConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        hardest = _hardest(points, labels, self.distance)
        if hardest is None:
            return without_terms(points)
        near, far = hardest
        return _averaged(softplus(near - far), near, far)


def _hardest(points: Tensor, labels: Tensor, distance: Distance) -> tuple[Tensor, Tensor] | None:
    """Distances of each anchor from its hardest positive and negative, (A,) twice; None without anchors."""
    groups = Groups.of(labels, points.device)
    if not groups.mated:
        return None
    ordered = points[groups.order]
    with torch.no_grad():
        blocks = [
            choose_hard(squared_distances(ordered[places], ordered), groups, places)
            for places in row_chunks(groups.anchors, len(ordered))
        ]
    positive = torch.cat([block.positive for block in blocks])
    negative = torch.cat([block.negative for block in blocks])
    anchors = ordered[groups.anchors]
    near = paired_distances(anchors, ordered[positive], distance)
    return near, paired_distances(anchors, ordered[negative], distance)


def _averaged(losses: Tensor, near: Tensor, far: Tensor) -> LossResult:
    statistics = {
        "triplets": torch.full((), len(losses), device=losses.device),
        "active": (losses.detach() > 0).to(losses.dtype).mean(),
        "mean_ap": near.detach().mean(),
        "mean_an": far.detach().mean(),
    }
    return LossResult(losses.mean(), statistics)
