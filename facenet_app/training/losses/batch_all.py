"""Batch-all triplet loss: every valid triplet, averaged over those that still cost something."""

from collections.abc import Mapping

import torch
from torch import Tensor

from facenet_app.training.distance import from_squared, slope
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.config import TripletConfig
from facenet_app.training.losses.result import LossResult, without_terms
from facenet_app.training.losses.rowwise import sum_over_rows
from facenet_app.training.miners.groups import Groups
from facenet_app.training.miners.ranks import ranks

__all__ = ["BatchAllTripletLoss"]


class BatchAllTripletLoss(BatchLoss):
    """The mean of ``d_ap - d_an + margin`` over all triplets in which it is above 0.

    Hermans et al., "In Defense of the Triplet Loss" (2017), the ``≠ 0`` variant: a mean over all triplets
    would fade as more of them are learned. A triplet exactly at the margin is not active; without any
    active triplet the loss is 0.

    The triplets are never enumerated. Per anchor, a negative between two sorted ``d_ap + margin`` is
    active with all positives beyond it, so counting gives the sum and its gradient.
    """

    def __init__(self, config: TripletConfig | None = None) -> None:
        self.config = config or TripletConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        groups = Groups.of(labels, points.device)
        if not groups.mated:
            return without_terms(points)
        ordered = points[groups.order]
        value, sums = sum_over_rows(_AllRows(groups, self.config), ordered, ordered, groups.anchors)
        triplets = torch.full((), groups.triplets, device=points.device)
        named = {"active": "active", "mean_ap": "ap", "mean_an": "an"}
        statistics = {name: sums[key] / triplets for name, key in named.items()}
        return LossResult(value, statistics | {"triplets": triplets})


class _AllRows:
    def __init__(self, groups: Groups, config: TripletConfig) -> None:
        self._groups, self._config = groups, config

    def block(self, places: Tensor, squared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        distance = self._config.distance
        members, positives = self._groups.members(places)
        distances = from_squared(squared, distance)
        near = distances.gather(1, members)
        limits, order = (near + self._config.margin).masked_fill_(~positives, torch.inf).sort(dim=1)
        # Beyond every limit, the anchors' own people are never active.
        beyond = ranks(limits, distances.scatter_(1, members, torch.inf), inclusive=True)
        positive_count = positives.sum(1, keepdim=True)
        negative_count = distances.shape[1] - 1 - positive_count
        active_with = (positive_count - beyond).clamp_(min=0).to(distances.dtype)
        active_negatives = self._active_negatives(beyond, limits, positive_count)
        distances.scatter_(1, members, 0)
        limits = limits.masked_fill_(active_negatives == 0, 0)
        near = near.masked_fill_(~positives, 0)
        sums = {
            "loss": (active_negatives * limits).sum() - (active_with * distances).sum(),
            "active": active_with.sum(),
            "ap": (near * negative_count).sum(),
            "an": (distances * positive_count).sum(),
        }
        weights = active_with.neg_().mul_(slope(distances, distance))
        pulls = torch.zeros_like(near).scatter_(1, order, active_negatives) * slope(near, distance)
        return sums, weights.scatter_add_(1, members, pulls)

    def _active_negatives(self, beyond: Tensor, limits: Tensor, positive_count: Tensor) -> Tensor:
        """With how many negatives each positive (B, P), nearest first, makes an active triplet."""
        histogram = limits.new_zeros(len(limits), limits.shape[1] + 1)
        histogram.scatter_add_(1, beyond, limits.new_ones(()).expand(beyond.shape))
        counted = histogram[:, :-1].cumsum(1)
        ahead = torch.arange(limits.shape[1], device=limits.device)
        return counted.masked_fill_(ahead >= positive_count, 0)

    def terms(self, sums: Mapping[str, Tensor]) -> Tensor:
        return sums["active"].clamp(min=1)
