"""Contrastive loss on all pairs of the batch."""

from collections.abc import Mapping

import torch
from torch import Tensor

from facenet_app.training.distance import from_squared, slope
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.config import ContrastiveConfig
from facenet_app.training.losses.result import LossResult, without_terms
from facenet_app.training.losses.rowwise import sum_over_rows
from facenet_app.training.miners.groups import Groups

__all__ = ["ContrastiveLoss"]


class ContrastiveLoss(BatchLoss):
    """The mean of ``(1 - Y) · ½ D² + Y · ½ max(0, margin - D)²`` over all pairs; Y is 1 for non-mated ones.

    Chopra, Hadsell and LeCun (CVPR 2005); D is the configured kind of distance. Each unordered pair counts
    once. A non-mated pair exactly at the margin costs nothing.
    """

    def __init__(self, config: ContrastiveConfig | None = None) -> None:
        self.config = config or ContrastiveConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        if len(points) < 2:
            return without_terms(points)
        groups = Groups.of(labels, points.device)
        ordered = points[groups.order]
        # Every pair is seen from both sides, which changes no mean.
        places = torch.arange(len(points), device=points.device)
        value, sums = sum_over_rows(_PairRows(groups, self.config), ordered, ordered, places)
        pairs = len(points) * (len(points) - 1) // 2
        statistics = {
            "triplets": torch.full((), pairs, device=points.device),
            "active": sums["active"] / (2 * pairs),
            "mean_ap": sums["ap"] / sums["mated"],
            "mean_an": sums["an"] / (2 * pairs - sums["mated"]),
        }
        return LossResult(value, statistics)


class _PairRows:
    def __init__(self, groups: Groups, config: ContrastiveConfig) -> None:
        self._groups, self._config = groups, config

    def block(self, places: Tensor, squared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        distance = self._config.distance
        members, positives = self._groups.members(places)
        distances = from_squared(squared, distance)
        near = distances.gather(1, members).masked_fill_(~positives, 0)
        lacking = (self._config.margin - distances).clamp_(min=0).scatter_(1, members, 0)
        sums = {
            "loss": (near.square().sum() + lacking.square().sum()) / 2,
            "active": (near > 0).sum() + (lacking > 0).sum(),
            "mated": positives.sum(),
            "ap": near.sum(),
            "an": distances.scatter(1, members, 0).sum(),
        }
        weights = lacking.neg_().mul_(slope(distances, distance))
        return sums, weights.scatter_add_(1, members, near * slope(near, distance))

    def terms(self, sums: Mapping[str, Tensor]) -> Tensor:
        return torch.full_like(sums["active"], len(self._groups) * (len(self._groups) - 1))
