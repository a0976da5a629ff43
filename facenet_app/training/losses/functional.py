"""The triplet loss of triplets that are given."""

from typing import Literal

import torch
from torch import Tensor

from facenet_app.errors import UsageError

__all__ = ["triplet_loss"]


def triplet_loss(  # noqa: PLR0913, PLR0917 - the signature of torch's triplet_margin_loss, with an axis
    anchors: Tensor,
    positives: Tensor,
    negatives: Tensor,
    axis: int = -1,
    p: float = 2,
    margin: float = 1.0,
    eps: float = 1e-6,
    reduction: Literal["none", "mean", "sum"] = "mean",
) -> Tensor:
    """``max(0, ‖a - p‖ - ‖a - n‖ + margin)`` of each triplet.

    Args:
        anchors: floating, of any shape; half precision is widened.
        positives: of the same people, of a shape that broadcasts with it.
        negatives: of other people, likewise.
        axis: which axis holds the embeddings' components.
        p: of the norm; 2 is the Euclidean distance.
        margin: in units of that distance, 0 or more.
        eps: added to every difference, so that the gradient exists where two points are the same.
        reduction: ``none`` gives the loss of each triplet, else their ``mean`` or ``sum``.

    Returns:
        float32, or float64 if given so. A triplet exactly at the margin costs 0.

    Raises:
        UsageError: an unknown reduction, or a margin below 0.
    """
    if reduction not in ("none", "mean", "sum"):
        raise UsageError(f"there is no reduction {reduction!r}", "choose none, mean or sum")
    if not margin >= 0:
        raise UsageError(f"the loss's margin is {margin}", "give 0 or more")
    anchors, positives, negatives = (_widened(points) for points in (anchors, positives, negatives))
    near: Tensor = torch.linalg.vector_norm(anchors - positives + eps, p, dim=axis)
    far: Tensor = torch.linalg.vector_norm(anchors - negatives + eps, p, dim=axis)
    losses = (near - far + margin).relu()
    match reduction:
        case "none":
            return losses
        case "mean":
            return losses.mean()
        case "sum":
            return losses.sum()


def _widened(points: Tensor) -> Tensor:
    return points.float() if points.dtype in (torch.float16, torch.bfloat16) else points
