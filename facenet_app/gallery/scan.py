"""Looking through reference vectors for the nearest: distances between bounds, never a row overlooked."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import distances

__all__ = ["EPSILON", "Near", "PlainScan", "Scan"]

EPSILON: Final = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Some rows, with bounds of their distances, and a lower bound of those of all other rows.

    ``rows`` are intp (found,), ``lower`` and ``upper`` float64 (found,). ``beyond`` is infinite if
    there are no other rows.
    """

    rows: NDArray[np.intp]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    beyond: float


class Scan(Protocol):
    """One look at every row."""

    def nearest(self, vector: NDArray[np.float32], count: int) -> Near:
        """About the ``count`` nearest rows to a unit vector; all of them if there are no more."""
        ...

    def within(self, vector: NDArray[np.float32], radius: float) -> Near:
        """Every row that may be at ``radius`` or nearer."""
        ...


class PlainScan:
    """One float32 product with all vectors, (rows, dimension) of length 1; the quickest for few."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors

    @cached_property
    def _off_unit(self) -> float:
        """How far a squared length is from 1 at most."""
        squares = np.einsum("ij,ij->i", self._vectors, self._vectors)
        return float(np.abs(squares - 1).max(initial=0))

    def nearest(self, vector: NDArray[np.float32], count: int) -> Near:
        squared = self._squared(vector)
        if count >= len(squared):
            return self._near(np.arange(len(squared)), squared, vector, np.inf)
        order = np.argpartition(squared, count)  # the one at `count` is the nearest of the others
        beyond = max(float(squared[order[count]]) - self._error(vector), 0) ** 0.5
        return self._near(order[:count], squared, vector, beyond)

    def within(self, vector: NDArray[np.float32], radius: float) -> Near:
        squared = self._squared(vector)
        rows = np.flatnonzero(squared <= radius**2 + self._error(vector))
        return self._near(rows, squared, vector, np.inf)

    def _squared(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        far: NDArray[np.float32] = distances(vector[np.newaxis], self._vectors)[0]
        return np.square(far.astype(np.float64))

    def _near(
        self, rows: NDArray[np.intp], squared: NDArray[np.float64], vector: NDArray[np.float32], beyond: float
    ) -> Near:
        found, error = squared[rows], self._error(vector)
        return Near(rows, np.sqrt(np.maximum(found - error, 0)), np.sqrt(found + error), beyond)

    def _error(self, vector: NDArray[np.float32]) -> float:
        """How wrong a squared distance by one float32 product can be, at most.

        The first part is for vectors not quite of length 1, for which ``2 - 2ab`` is not the squared
        distance; the second bounds the rounding of a dot product (Higham, Accuracy and Stability of
        Numerical Algorithms, 3.1).
        """
        off_unit = abs(float(vector @ vector) - 1)
        return 2 * (self._off_unit + off_unit) + 4 * (len(vector) + 4) * EPSILON
