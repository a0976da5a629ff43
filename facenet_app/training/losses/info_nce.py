"""InfoNCE: each positive against all negatives of the batch."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import softplus

from facenet_app.training.distance import from_squared, slope
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.config import SoftmaxConfig
from facenet_app.training.losses.result import LossResult, of_pairs, without_terms
from facenet_app.training.losses.rowwise import sum_over_rows
from facenet_app.training.miners.groups import Groups

__all__ = ["InfoNCELoss"]


class InfoNCELoss(BatchLoss):
    """The mean over (anchor, positive) pairs of how unlikely the positive is among the negatives.

    ``-log(exp(s_ap) / (exp(s_ap) + Σ exp(s_an)))`` with ``s = -d / temperature`` and all images of other
    people in the batch as negatives; other positives of the anchor are left out (van den Oord et al., 2018;
    with labels as NT-Xent in pytorch-metric-learning). On cosine distances that is the usual loss on cosine
    similarities. The loss is above 0 for every pair, hence ``active`` is 1.
    """

    def __init__(self, config: SoftmaxConfig | None = None) -> None:
        self.config = config or SoftmaxConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        groups = Groups.of(labels, points.device)
        if not groups.mated:
            return without_terms(points)
        ordered = points[groups.order]
        value, sums = sum_over_rows(_SoftmaxRows(groups, self.config), ordered, ordered, groups.anchors)
        return of_pairs(value, sums, groups.mated)


class _SoftmaxRows:
    def __init__(self, groups: Groups, config: SoftmaxConfig) -> None:
        self._groups, self._config = groups, config

    def block(self, places: Tensor, squared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        distance, temperature = self._config.distance, self._config.temperature
        members, positives = self._groups.members(places)
        distances = from_squared(squared, distance)
        near = distances.gather(1, members)
        similarities = (distances / -temperature).scatter_(1, members, -torch.inf)
        against = similarities.logsumexp(1, keepdim=True)
        scores = against + near / temperature
        losses = softplus(scores).masked_fill_(~positives, 0)
        pull = scores.sigmoid().masked_fill_(~positives, 0).div_(temperature)
        distances.scatter_(1, members, 0)
        sums = {
            "loss": losses.sum(),
            "active": (losses > 0).sum(),
            "ap": near.masked_fill(~positives, 0).sum(),
            "an": distances.sum(),
            "non_mated": torch.isfinite(similarities).sum(),
        }
        weights = similarities.sub_(against).exp_().mul_(-pull.sum(1, keepdim=True))
        weights = weights.mul_(slope(distances, distance))
        return sums, weights.scatter_add_(1, members, pull * slope(near, distance))

    def terms(self, sums: Mapping[str, Tensor]) -> Tensor:
        return torch.full_like(sums["active"], self._groups.mated)
