"""N-pair loss: one anchor and one positive of each person, every other person's positive a negative."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import softplus

from facenet_app.training.distance import from_squared, slope
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.config import SoftmaxConfig
from facenet_app.training.losses.result import LossResult, of_pairs, without_terms
from facenet_app.training.losses.rowwise import sum_over_rows
from facenet_app.training.miners.groups import on_device

__all__ = ["NPairLoss"]


class NPairLoss(BatchLoss):
    """The mean over pairs of ``log(1 + Σ exp(s_an - s_ap))``, ``s = -d / temperature``.

    Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective" (NIPS 2016), with distances
    for its dot product: on cosine distances and temperature 1 the paper's loss of unit vectors. In the
    order of the batch a person's first image is paired with the second in round 1, the third with the
    fourth in round 2, and so on; negatives are the positives of the others in the same round. An odd last
    image, and a pair alone in its round, are left out. The loss is above 0 for every pair, hence ``active``
    is 1.
    """

    def __init__(self, config: SoftmaxConfig | None = None) -> None:
        self.config = config or SoftmaxConfig()
        super().__init__(self.config.distance)

    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        anchors, positives, rounds = _rounds(labels)
        if not len(rounds):
            return without_terms(points)
        table = on_device(torch.stack([anchors, positives, rounds]), points.device)
        rows, columns = points[table[0]], points[table[1]]
        places = torch.arange(len(rounds), device=points.device)
        loss = _RoundRows(table[2], self.config)
        value, sums = sum_over_rows(loss, rows, columns, places)
        return of_pairs(value, sums, len(rounds))


class _RoundRows:
    def __init__(self, rounds: Tensor, config: SoftmaxConfig) -> None:
        self._rounds, self._config = rounds, config

    def block(self, places: Tensor, squared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        distance, temperature = self._config.distance, self._config.temperature
        own = places.unsqueeze(1)
        unused = (self._rounds[own] != self._rounds).scatter_(1, own, True)
        distances = from_squared(squared, distance)
        near = distances.gather(1, own)
        similarities = (distances / -temperature).masked_fill_(unused, -torch.inf)
        against = similarities.logsumexp(1, keepdim=True)
        scores = against + near / temperature
        losses = softplus(scores)
        pull = scores.sigmoid() / temperature
        sums = {
            "loss": losses.sum(),
            "active": (losses > 0).sum(),
            "ap": near.sum(),
            "an": distances.masked_fill(unused, 0).sum(),
            "non_mated": (~unused).sum(),
        }
        weights = similarities.sub_(against).exp_().mul_(-pull).mul_(slope(distances, distance))
        return sums, weights.scatter_add_(1, own, pull * slope(near, distance))

    def terms(self, sums: Mapping[str, Tensor]) -> Tensor:
        return torch.full_like(sums["active"], len(self._rounds))


def _rounds(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of anchors and positives and the rounds they meet in, int64 (M,) each, on the CPU."""
    ordered, order = torch.sort(labels.detach().cpu(), stable=True)
    _, counts = torch.unique_consecutive(ordered, return_counts=True)
    first = counts.cumsum(0) - counts
    turn = torch.arange(len(order)) - first.repeat_interleave(counts)
    anchors = torch.nonzero((turn % 2 == 0) & (turn + 1 < counts.repeat_interleave(counts))).squeeze(1)
    rounds = turn[anchors] // 2
    met = torch.bincount(rounds)[rounds] > 1
    anchors, rounds = anchors[met], rounds[met]
    return order[anchors], order[anchors + 1], rounds
