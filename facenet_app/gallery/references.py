"""What a face is compared with: the samples of the people themselves, or one centroid each."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids
from facenet_app.gallery.coded_scan import CodedScan
from facenet_app.gallery.scan import PlainScan, Scan

__all__ = ["Centroids", "References", "Samples"]

CODED_FROM: Final = 16_384
"""Rows from which reading codes in FAISS is worth making them; see docs/benchmarks.md."""

_BLOCK: Final = 8192
"""Rows that are compared exactly at a time: float64 takes four times the memory of the codes."""


class References(ABC):
    """Rows of unit vectors, each of one person.

    Args:
        vectors: float32 (samples, dimension), those of a person together.
        starts: int32 (people,), the persons' first rows.
    """

    def __init__(self, vectors: NDArray[np.float32], starts: NDArray[np.int32]) -> None:
        self._vectors = vectors
        self._starts = starts

    @property
    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def people(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Whose these rows are."""

    @abstractmethod
    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """The vectors of these rows, as a copy."""

    @abstractmethod
    def block(self, first: int, last: int) -> NDArray[np.float32]:
        """The vectors of consecutive rows; ``last`` is not among them."""

    @property
    def coded(self) -> bool:
        """Whether a search reads codes, long enough to be worth a thread."""
        return self.count >= CODED_FROM

    @cached_property
    def scan(self) -> Scan:
        """How the rows are looked through."""
        return CodedScan(self.block, self.count) if self.coded else PlainScan(self.block(0, self.count))

    def far(self, rows: NDArray[np.intp], vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """Distances of a vector from these rows, in float64: exact but for its last digits."""
        found = np.empty(len(rows))
        for first in range(0, len(rows), _BLOCK):
            apart = self.vectors(rows[first : first + _BLOCK]).astype(np.float64)
            apart -= vector
            found[first : first + _BLOCK] = np.sqrt(np.einsum("ij,ij->i", apart, apart))
        return found


class Samples(References):
    """Every sample is a row."""

    @property
    def count(self) -> int:
        return len(self._vectors)

    def people(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.searchsorted(self._starts, rows, "right") - 1

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        return self._vectors[rows]

    def block(self, first: int, last: int) -> NDArray[np.float32]:
        return self._vectors[first:last]


class Centroids(References):
    """Every person is a row. The vectors are made of the samples when they are asked for."""

    @property
    def count(self) -> int:
        return len(self._starts)

    def people(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return rows

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        sizes = self._ends[rows] - self._starts[rows]
        starts = np.cumsum(sizes) - sizes
        own = np.arange(sizes.sum()) + np.repeat(self._starts[rows] - starts, sizes)
        return centroids(self._vectors[own], starts)

    def block(self, first: int, last: int) -> NDArray[np.float32]:
        starts = self._starts[first:last]
        return centroids(self._vectors[starts[0] : self._ends[last - 1]], starts - starts[0])

    @property
    def _ends(self) -> NDArray[np.intp]:
        return np.append(self._starts[1:], len(self._vectors))
