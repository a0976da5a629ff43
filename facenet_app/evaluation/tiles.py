"""Going through all pairs of vectors by tiles of a matrix product in float32.

The float32 product of unit vectors of D components is off by at most about D · 2⁻²⁴ (8e-6 for 128; 4e-7
was seen), and pairs are collected with twice that much to spare, so none under a limit is missed. What
is collected is computed again in float64.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BINS",
    "NORM_TOLERANCE",
    "count_distances",
    "limit_of",
    "mated_pairs",
    "nearest_pairs",
    "sorted_exactly",
]

BINS: Final = 20_000
"""Of the histogram of distances from 0 to 2."""
TILE: Final = (1024, 8192)
"""Rows and columns of a matrix product: 32 MB of float32."""
CHUNK: Final = 2**21
"""Components computed again in float64 at once: 17 MB for each of both vectors."""
NORM_TOLERANCE: Final = 1e-6
"""How far from 1 the norm of a vector may be."""


def _tiles(person: NDArray[np.intp]) -> Iterator[tuple[slice, slice, NDArray[np.bool_] | None]]:
    """Tiles that hold every non-mated pair once; a mask where a tile has others too.

    ``person`` ascends, so the non-mated pairs are those whose column's person is the greater one.
    """
    height, width = TILE
    for top in range(0, person.size, height):
        rows = slice(top, min(top + height, person.size))
        for left in range(top, person.size, width):
            columns = slice(left, min(left + width, person.size))
            if person[columns][-1] == person[top]:
                continue
            whole = person[columns][0] > person[rows][-1]
            yield rows, columns, None if whole else person[rows, None] < person[None, columns]


def count_distances(vectors: NDArray[np.float32], person: NDArray[np.intp]) -> NDArray[np.int64]:
    """The histogram of all non-mated distances."""
    bins = np.zeros(BINS, np.int64)
    for rows, columns, mask in _tiles(person):
        product = vectors[rows] @ vectors[columns].T
        squared = 2 - 2 * (product.ravel() if mask is None else product[mask])
        distance = np.sqrt(np.clip(squared, 0, 4, out=squared), out=squared)
        distance *= BINS / 2
        index = np.minimum(distance.astype(np.intp), BINS - 1)
        bins += np.bincount(index, minlength=BINS)
    return bins


def limit_of(bins: NDArray[np.int64], wanted: int) -> float:
    """A distance that at least ``wanted`` non-mated pairs are under; infinite if that is all of them."""
    upto = np.cumsum(bins)
    if wanted >= upto[-1]:
        return np.inf
    # The edge after the bin that reaches the number, and one bin more for what float32 misplaced.
    return float((np.searchsorted(upto, wanted) + 2) * (2 / BINS))


def nearest_pairs(vectors: NDArray[np.float32], person: NDArray[np.intp], limit: float) -> NDArray[np.int32]:
    """Rows of every non-mated pair up to the limit, and of some just above it: int32 (K, 2)."""
    margin = vectors.shape[1] * 2.0**-23 + 2 * NORM_TOLERANCE
    least = np.float32(max(1 - limit**2 / 2 - margin, -2))
    found = [np.empty((0, 2), np.int32)]
    for rows, columns, mask in _tiles(person):
        near = vectors[rows] @ vectors[columns].T >= least
        if mask is not None:
            near &= mask
        row, column = np.nonzero(near)
        found.append(np.stack([row + rows.start, column + columns.start], axis=1).astype(np.int32))
    return np.concatenate(found)


def mated_pairs(pictures: NDArray[np.intp]) -> NDArray[np.int32]:
    """Rows of all mated pairs, with the pictures of each person in a row: int32 (M, 2)."""
    ends = np.cumsum(pictures)
    pairs = [
        np.stack(np.triu_indices(count, 1), axis=1) + (end - count)
        for end, count in zip(ends, pictures, strict=True)
        if count > 1
    ]
    return np.concatenate([np.empty((0, 2), np.int32), *pairs]).astype(np.int32)


def sorted_exactly(
    vectors: NDArray[np.float32], pairs: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Distances in float64, ascending, and the pairs in that order."""
    distance = np.empty(len(pairs))
    step = max(1, CHUNK // vectors.shape[1])
    for start in range(0, len(pairs), step):
        first, second = vectors[pairs[start : start + step].T].astype(np.float64)
        distance[start : start + step] = np.linalg.norm(first - second, axis=1)
    order = np.argsort(distance, kind="stable")
    return distance[order], pairs[order]
