"""Which pictures are nearest to which: near duplicates, and faces that are nearer to somebody else."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.evaluation.tiles import nearest_pairs, sorted_exactly

__all__ = ["NearPair", "Nearest", "correlation", "near_duplicates", "nearest"]

SURE: Final = 0.35
"""Distance up to which two crops come from one photo: of 10,429 pairs of different LFW files of one person
3 are as near with ``sface``, one of them two copies of a photo; of copies at JPEG quality 50 90 %."""
LIKELY: Final = 0.6
"""Distance up to which they do if their pixels agree as well."""
ALIKE: Final = 0.88
"""Correlation of pixels from which these agree."""
_SHIFT: Final = 2
_ROWS: Final = 512


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two rows, the distance of their embeddings, and the correlation of their crops (-1 … 1)."""

    first: int
    second: int
    distance: float
    correlation: float


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """For each of N faces the nearest of the same person and of all others; rows are -1 where there is none.

    Copies of the face's photo do not count: they say nothing about whose it is. Distances are float32
    (N,), infinite where there is none.
    """

    own: NDArray[np.int64]
    own_distance: NDArray[np.float32]
    other: NDArray[np.int64]
    other_distance: NDArray[np.float32]


def near_duplicates(
    vectors: NDArray[np.float32], thumbnails: NDArray[np.uint8], sides: NDArray[np.intp] | None = None
) -> list[NearPair]:
    """Pairs that seem to be the same photo, nearest first.

    Args:
        vectors: (N, D) unit vectors.
        thumbnails: (N, 32, 32), aligned crops in gray.
        sides: (N,), ascending; only pairs of different numbers count. None: all pairs.
    """
    if len(vectors) < 2:
        return []
    groups = np.arange(len(vectors)) if sides is None else sides
    distances, pairs = sorted_exactly(vectors, nearest_pairs(vectors, groups, LIKELY))
    found = []
    for distance, (first, second) in zip(distances.tolist(), pairs.tolist(), strict=True):
        agreement = correlation(thumbnails[first], thumbnails[second])
        if distance <= SURE or (distance <= LIKELY and agreement >= ALIKE):
            found.append(NearPair(first, second, distance, agreement))
    return found


def correlation(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Pearson's correlation of two gray pictures of one size, at the shift by 2 pixels at most that
    suits best: landmarks, and so crops, are not found twice at the very same place.
    """
    side = first.shape[0]
    middle = second[_SHIFT : side - _SHIFT, _SHIFT : side - _SHIFT].astype(np.float64)
    middle -= middle.mean()
    best = -1.0
    for top in range(2 * _SHIFT + 1):
        for left in range(2 * _SHIFT + 1):
            part = first[top : top + middle.shape[0], left : left + middle.shape[1]].astype(np.float64)
            part -= part.mean()
            norm = float(np.sqrt((part**2).sum() * (middle**2).sum()))
            best = max(best, float((part * middle).sum()) / norm if norm else -1.0)
    return best


def nearest(vectors: NDArray[np.float32], person: NDArray[np.int64]) -> Nearest:
    """The nearest faces of all, in one pass over the matrix of all pairs, 512 rows of it at a time.

    Args:
        vectors: (N, D) unit vectors.
        person: (N,), equal for faces that are said to be of the same person.
    """
    count = len(vectors)
    rows = np.full((2, count), -1, np.int64)
    best = np.full((2, count), -np.inf, np.float32)
    copies = 1 - SURE**2 / 2
    for start in range(0, count, _ROWS):
        part = slice(start, min(start + _ROWS, count))
        product = vectors[part] @ vectors.T
        same = person[part, None] == person[None]
        product[product >= copies] = -np.inf  # the picture itself is one of them
        for which, allowed in enumerate((same, ~same)):
            masked = np.where(allowed, product, -np.inf)
            column = masked.argmax(axis=1)
            best[which, part] = np.take_along_axis(masked, column[:, None], axis=1)[:, 0]
            rows[which, part] = column
    rows[np.isneginf(best)] = -1
    distance = np.sqrt(np.clip(2 - 2 * best, 0, None))
    return Nearest(rows[0], distance[0], rows[1], distance[1])
