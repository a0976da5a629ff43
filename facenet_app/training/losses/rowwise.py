"""Losses over all pairs of a batch, a few rows of the distance matrix at a time.

A loss over N² distances is a number, so its gradient can be finished together with it: each block of
rows gives its part of the sum and of the gradient, and is forgotten. Autograd would keep several N × N
matrices for later; here 32,768 embeddings need a few blocks of 32 rows.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from facenet_app.training.distance import squared_distances
from facenet_app.training.miners.groups import row_chunks

__all__ = ["RowLoss", "sum_over_rows"]


class RowLoss(Protocol):
    """A loss as a sum over anchors, each of which sees its distances from all candidates."""

    def block(self, places: Tensor, squared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Some anchors' part.

        Args:
            places: int64 (B,), which rows these are.
            squared: (B, C) their squared distances; may be overwritten.

        Returns:
            Sums by name (scalars, ``loss`` among them), and the derivative of that loss by the squared
            distances, (B, C).
        """

    def terms(self, sums: Mapping[str, Tensor]) -> Tensor:
        """By how many the sum of the losses is to be divided, a scalar above 0."""


def sum_over_rows(
    loss: RowLoss, rows: Tensor, columns: Tensor, places: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """The mean loss as a differentiable scalar, and all sums.

    Args:
        loss: what to sum.
        rows: (R, D) prepared points, the anchors among them.
        columns: (C, D) prepared points, the candidates; may be the same tensor.
        places: int64 (A,), the rows that are anchors.
    """
    sums: dict[str, Tensor] = {}
    value: Tensor = _RowwiseMean.apply(rows, columns, places, loss, sums)
    return value, sums


class _RowwiseMean(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, columns: Tensor, places: Tensor, loss: RowLoss, sums: dict[str, Tensor]
    ) -> Tensor:
        wanted = any(ctx.needs_input_grad)
        gradient = _Gradient(rows, columns)
        parts: defaultdict[str, list[Tensor]] = defaultdict(list)
        for some in row_chunks(places, len(columns)):
            anchors = rows[some]
            found, derivative = loss.block(some, squared_distances(anchors, columns))
            for name, part in found.items():
                parts[name].append(part)
            if wanted:
                gradient.add(some, anchors, derivative)
        sums.update((name, torch.stack(part).sum()) for name, part in parts.items())
        terms = loss.terms(sums)
        if wanted:
            ctx.save_for_backward(*gradient.divided_by(terms))
        # A NaN among the embeddings compares as "not nearer" and would never be chosen: it must show.
        return sums["loss"] / terms + (rows.sum() + columns.sum()) * 0

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_value: Tensor) -> tuple[Tensor | None, ...]:
        of_rows, of_columns = ctx.saved_tensors
        return of_rows * of_value, of_columns * of_value, None, None, None


class _Gradient:
    """Sums ``w (a - b)`` over pairs with weights w, which is half the gradient by a and minus that by b."""

    def __init__(self, rows: Tensor, columns: Tensor) -> None:
        self._rows, self._columns = rows, columns
        self._of_rows, self._of_columns = torch.zeros_like(rows), torch.zeros_like(columns)
        self._weight_of_columns = columns.new_zeros(len(columns), 1)

    def add(self, places: Tensor, anchors: Tensor, weights: Tensor) -> None:
        pull = anchors * weights.sum(1, keepdim=True)
        self._of_rows[places] = pull.addmm_(weights, self._columns, alpha=-1)
        self._of_columns.addmm_(weights.T, anchors, alpha=-1)
        self._weight_of_columns += weights.sum(0).unsqueeze(1)

    def divided_by(self, terms: Tensor) -> tuple[Tensor, Tensor]:
        of_columns = self._of_columns.addcmul_(self._weight_of_columns, self._columns)
        return self._of_rows * (2 / terms), of_columns * (2 / terms)
