"""Batch semi-hard triplet loss, FaceNet's."""

from collections.abc import Mapping

import torch
from torch import Tensor

from facenet_app.training.distance import from_squared, slope
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.config import TripletConfig
from facenet_app.training.losses.result import LossResult, without_terms
from facenet_app.training.losses.rowwise import sum_over_rows
from facenet_app.training.miners.groups import Groups
from facenet_app.training.miners.semi_hard import choose_semi_hard

__all__ = ["SemiHardTripletLoss"]


class SemiHardTripletLoss(BatchLoss):
    """The mean of ``max(0, d_ap - d_an + margin)`` over all (anchor, positive) pairs of the batch.

    The negative is the nearest with ``d_an > d_ap``; where none is farther, the farthest
    (:func:`~facenet_app.training.miners.semi_hard.choose_semi_hard`). Pairs whose negative is beyond the
    margin count with 0. At exactly the margin loss and gradient are 0.
    """

    def __init__(self, config: TripletConfig | None = None) -> None:
        self.config = config or TripletConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        groups = Groups.of(labels, points.device)
        if not groups.mated:
            return without_terms(points, "semi_hard", "fallback")
        ordered = points[groups.order]
        rows = _SemiHardRows(groups, self.config)
        value, sums = sum_over_rows(rows, ordered, ordered, groups.anchors)
        triplets = rows.terms(sums)
        named = {"active": "active", "mean_ap": "ap", "mean_an": "an", "fallback": "fallback"}
        statistics = {name: sums[key] / triplets for name, key in named.items()}
        statistics["semi_hard"] = statistics["active"] - sums["active_fallback"] / triplets
        return LossResult(value, statistics | {"triplets": triplets})


class _SemiHardRows:
    def __init__(self, groups: Groups, config: TripletConfig) -> None:
        self._groups, self._config = groups, config

    def block(self, places: Tensor, squared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        distance, margin = self._config.distance, self._config.margin
        chosen = choose_semi_hard(squared, self._groups, places)
        unused = ~chosen.valid
        # Padding is at infinity, which no arithmetic may see.
        near = from_squared(chosen.squared_ap.masked_fill(unused, 0), distance)
        far = from_squared(chosen.squared_an.masked_fill(unused, 0), distance)
        losses = (near - far + margin).clamp(min=0).masked_fill_(unused, 0)
        active = losses > 0
        one = active.to(losses.dtype)
        weights = squared.zero_()
        weights.scatter_add_(1, chosen.positive, one * slope(near, distance))
        weights.scatter_add_(1, chosen.negative, -one * slope(far, distance))
        return {
            "loss": losses.sum(),
            "active": active.sum(),
            "ap": near.sum(),
            "an": far.sum(),
            "fallback": chosen.fallback.sum(),
            "active_fallback": (active & chosen.fallback).sum(),
        }, weights

    def terms(self, sums: Mapping[str, Tensor]) -> Tensor:
        return torch.full_like(sums["active"], self._groups.mated)
