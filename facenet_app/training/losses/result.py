"""What a loss answers."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["LossResult", "of_pairs", "without_terms"]


@dataclass(frozen=True, slots=True, eq=False)
class LossResult:
    """The loss of a batch, and what it was made of.

    ``value`` is a scalar in float32 (float64 for float64 embeddings), part of the graph.

    ``statistics`` are detached scalars on the device of the embeddings; reading one waits for a GPU, so
    read them now and then. NaN where undefined. Every loss has

    * ``triplets``: over so many terms the statistics are taken: triplets, or pairs for the pair losses;
    * ``active``: the share of them with a loss above 0;
    * ``mean_ap``, ``mean_an``: mean distance of anchors from positives and from negatives, in the kind of
      distance of the loss;

    and the semi-hard loss also ``semi_hard`` and ``fallback``, the shares of triplets whose negative is
    farther than the positive, within the margin, and of those for which no farther one exists.
    """

    value: Tensor
    statistics: Mapping[str, Tensor]


def without_terms(points: Tensor, *further: str) -> LossResult:
    """The loss of a batch without any valid triplet: 0, and still part of the graph."""
    undefined = torch.full((), torch.nan, dtype=points.dtype, device=points.device)
    statistics = dict.fromkeys(("active", "mean_ap", "mean_an", *further), undefined)
    statistics["triplets"] = torch.zeros((), dtype=torch.int64, device=points.device)
    return LossResult(points.sum() * 0, statistics)


def of_pairs(value: Tensor, sums: Mapping[str, Tensor], pairs: int) -> LossResult:
    """The result of a loss over ``pairs`` mated pairs, each against negatives of its own.

    ``sums`` are ``active`` and ``ap`` over the pairs, ``an`` over the ``non_mated`` comparisons.
    """
    number = torch.full((), pairs, device=value.device)
    statistics = {
        "triplets": number,
        "active": sums["active"] / number,
        "mean_ap": sums["ap"] / number,
        "mean_an": sums["an"] / sums["non_mated"],
    }
    return LossResult(value, statistics)
