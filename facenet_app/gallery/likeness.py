"""Who is like whom among all who are enrolled, by blocks of products."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import NO_DIRECTION, centroids, distances

__all__ = ["Likeness", "Pair", "close_pairs", "likeness"]

_BLOCK: Final = 1024
"""Rows of a block; against 10,000 others it takes 40 MB."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows, the first with the lower number, and their distance."""

    first: int
    second: int
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """For each of N samples: distances float32 (N,), infinite where there is nothing to compare with.

    ``own`` is that from the centroid of the person's other samples, ``nearest_own`` that from the nearest
    of these, ``other`` that from the nearest centroid of somebody else, whose number ``who`` has.
    """

    own: NDArray[np.float32]
    nearest_own: NDArray[np.float32]
    other: NDArray[np.float32]
    who: NDArray[np.intp]


def close_pairs(vectors: NDArray[np.float32], reach: float) -> list[Pair]:
    """All pairs of rows at a distance of at most ``reach``, the nearest first.

    Args:
        vectors: float32 (rows, dimension), of length 1.
        reach: 0 … 2.
    """
    pairs = []
    for first, far in _blocks(vectors, vectors):
        rows, others = np.nonzero(far <= reach)
        later = others > rows + first
        for row, other in zip(rows[later], others[later], strict=True):
            pairs.append(Pair(int(row) + first, int(other), float(far[row, other])))
    return sorted(pairs, key=lambda pair: (pair.distance, pair.first, pair.second))


def likeness(vectors: NDArray[np.float32], starts: NDArray[np.int32]) -> Likeness:
    """How like their own person and others all samples are.

    Args:
        vectors: float32 (samples, dimension), those of a person together, of length 1.
        starts: int32 (people,), the persons' first rows.
    """
    count = len(vectors)
    person = np.searchsorted(starts, np.arange(count), "right") - 1
    nearest_own = np.full(count, np.inf, np.float32)
    for start, end in zip(starts, np.append(starts, count)[1:], strict=True):
        if end - start > 1:
            nearest_own[start:end] = _nearest_of_rest(vectors[start:end])
    other = np.full(count, np.inf, np.float32)
    who = np.full(count, -1, np.intp)
    if len(starts) > 1:
        for first, far in _blocks(vectors, centroids(vectors, starts.astype(np.intp))):
            rows = np.arange(len(far))
            far[rows, person[first : first + len(far)]] = np.inf
            nearest = far.argmin(axis=1)
            who[first : first + len(far)] = nearest
            other[first : first + len(far)] = far[rows, nearest]
    return Likeness(_from_rest(vectors, starts, person), nearest_own, other, who)


def _blocks(
    vectors: NDArray[np.float32], others: NDArray[np.float32]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The first row of each block, and the distances of its rows from all others."""
    for first in range(0, len(vectors), _BLOCK):
        yield first, distances(vectors[first : first + _BLOCK], others)


def _nearest_of_rest(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    nearest = np.empty(len(vectors), np.float32)
    for first, far in _blocks(vectors, vectors):
        rows = np.arange(len(far))
        far[rows, rows + first] = np.inf
        nearest[first : first + len(far)] = far.min(axis=1)
    return nearest


def _from_rest(
    vectors: NDArray[np.float32], starts: NDArray[np.int32], person: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Distances from the centroids of the person's other samples; infinite where these have none."""
    rest = np.add.reduceat(vectors, starts, axis=0, dtype=np.float64)[person] - vectors
    lengths = np.linalg.norm(rest, axis=1)
    directed = lengths > NO_DIRECTION
    far = np.full(len(vectors), np.inf, np.float32)
    rest[directed] /= lengths[directed, np.newaxis]
    far[directed] = np.linalg.norm(rest[directed] - vectors[directed], axis=1)
    return far
