"""The one place where training knows about kinds of distance.

Everything is computed from squared Euclidean distances, one matrix product, and converted here:

==================  =======================================  =============================
kind                of two embeddings a, b                   unit vectors: range
==================  =======================================  =============================
``EUCLIDEAN``       ``|a - b|``                              0 … 2, the product's distance
``SQUARED``         ``|a - b|²`` (FaceNet's margins)         0 … 4
``COSINE``          ``1 - cos(a, b)``                        0 … 2
==================  =======================================  =============================

The cosine distance is half the squared distance of the normalised embeddings, so a margin of 0.2
on ``COSINE`` asks of unit vectors what 0.4 on ``SQUARED`` does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import torch
from torch import Tensor
from torch.nn.functional import normalize

from facenet_app.errors import UsageError

__all__ = [
    "Distance",
    "distance_named",
    "exact_products",
    "from_squared",
    "paired_distances",
    "prepared",
    "slope",
    "squared_distances",
]


class Distance(StrEnum):
    """What a loss means by how far two embeddings are apart."""

    EUCLIDEAN = "euclidean"
    SQUARED = "squared_euclidean"
    COSINE = "cosine"


def distance_named(name: str) -> Distance:
    """The distance of this name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Distance(name)
    except ValueError as error:
        names = ", ".join(each.value for each in Distance)
        raise UsageError(f"there is no distance {name!r}", f"choose one of {names}") from error


def prepared(embeddings: Tensor, distance: Distance) -> Tensor:
    """The points whose squared distances count: (N, D) in float32, or in float64 if given so.

    Half precision is widened before anything is squared; ``COSINE`` normalises. Differentiable.
    """
    points = embeddings if embeddings.dtype == torch.float64 else embeddings.float()
    return normalize(points, dim=-1) if distance is Distance.COSINE else points


def squared_distances(rows: Tensor, columns: Tensor) -> Tensor:
    """``|a - b|²`` of all pairs: (R, D) and (C, D) give a new (R, C) tensor, none below 0.

    By ``a² + b² - 2ab``: wrong by some 1e-7 times the squared lengths.
    """
    of_rows, of_columns = rows.square().sum(1), columns.square().sum(1)
    squared = torch.addmm(of_columns.unsqueeze(0), rows, columns.T, alpha=-2)
    return squared.add_(of_rows.unsqueeze(1)).clamp_(min=0)


def from_squared(squared: Tensor, distance: Distance) -> Tensor:
    """Distances of this kind from the squared distances of prepared points; may be the same tensor."""
    match distance:
        case Distance.EUCLIDEAN:
            return squared.sqrt()
        case Distance.SQUARED:
            return squared
        case Distance.COSINE:
            return squared / 2


def slope(distances: Tensor, distance: Distance) -> Tensor | float:
    """How fast the distance grows with the squared one, at these distances.

    For ``EUCLIDEAN`` that is ``1 / 2d``, and by decision 0 where the points are the same: there is no
    direction to push them in.
    """
    match distance:
        case Distance.EUCLIDEAN:
            return (0.5 / distances).masked_fill_(distances == 0, 0)
        case Distance.SQUARED:
            return 1.0
        case Distance.COSINE:
            return 0.5


def paired_distances(first: Tensor, second: Tensor, distance: Distance) -> Tensor:
    """Distances of prepared points row by row: two (T, D) give (T,). Differentiable, also at 0."""
    squared = (first - second).square().sum(1)
    if distance is not Distance.EUCLIDEAN:
        return from_squared(squared, distance)
    same = squared == 0
    return squared.masked_fill(same, 1).sqrt().masked_fill(same, 0)


@contextmanager
def exact_products(device: torch.device) -> Iterator[None]:
    """Matrix products at full precision, whatever the training loop chose for its network.

    Autocast would round the embeddings to 8 bits and TF32 to 11; a distance is a small difference of
    large products and a margin is 0.2, so mining would pick by noise.
    """
    precision = torch.get_float32_matmul_precision()
    with torch.autocast(device.type, enabled=False):
        if precision == "highest":
            yield
            return
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(precision)
