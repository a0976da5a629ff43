"""Looking through many vectors quickly: one byte a number, with a bound of what that loses.

A vector y is kept as its code c: the integers -127 … 127 nearest to scale * y. How far a code is from
its vector at most, ``error``, is known; of the probe q, whose code is p, it is computed. The triangle
inequality then gives bounds that hold for every row::

    | |q - y| - |p - c| / scale |  <=  |q - p / scale| + error

The codes are a quarter of the vectors, and FAISS reads them several times as fast as BLAS multiplies
float32. Whoever asks compares the few rows that the bounds leave with the vectors themselves.

FAISS computes |p - c|² in integers or in float32, as the processor and the dimension suit it, and in
integers it would cut the fractions of a probe off: that is why the probe is rounded here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.gallery.scan import EPSILON, Near

__all__ = ["CodedScan"]

_BLOCK: Final = 8192
"""Rows that are coded at a time, so that no second copy of the vectors is made."""
_STEPS: Final = 127
_ZERO: Final = 128
"""The byte that FAISS's "8 bit direct signed" has for 0."""


class CodedScan:
    """The codes of ``count`` vectors of length 1, in FAISS.

    Args:
        vectors: first row, row after the last -> float32 (rows, dimension).
        count: how many rows there are, 1 or more.
    """

    def __init__(self, vectors: Callable[[int, int], NDArray[np.float32]], count: int) -> None:
        import faiss  # a second of loading that small galleries do without

        blocks = [(first, min(first + _BLOCK, count)) for first in range(0, count, _BLOCK)]
        largest = max(float(np.abs(vectors(*block)).max()) for block in blocks)
        self._scale = _STEPS / largest
        dimension = vectors(0, 1).shape[1]
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
        self._index = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_L2)
        # Written in place: FAISS would keep a copy of what it is given.
        self._index.codes.resize(count * dimension)
        self._index.ntotal = count
        codes = faiss.rev_swig_ptr(self._index.codes.data(), count * dimension).reshape(count, dimension)
        worst = 0.0
        for first, last in blocks:
            scaled = vectors(first, last).astype(np.float64) * self._scale
            rounded = np.rint(scaled)
            codes[first:last] = rounded + _ZERO
            worst = max(worst, float(np.square(rounded - scaled).sum(axis=1).max()))
        self._error: float = worst**0.5 / self._scale

    def nearest(self, vector: NDArray[np.float32], count: int) -> Near:
        count = min(count, self._index.ntotal)
        probe = self._probe(vector)
        squared, rows = self._index.search(probe.code, count)
        near = self._near(probe, rows[0], squared[0])
        if count == self._index.ntotal:
            return near
        return Near(near.rows, near.lower, near.upper, beyond=float(near.lower[-1]))

    def within(self, vector: NDArray[np.float32], radius: float) -> Near:
        probe = self._probe(vector)
        reach = (radius + probe.slack) / (1 - _rounding(len(vector)))
        # A little more, because FAISS gives what is nearer than the limit, and has it in float32.
        limit = (reach * self._scale) ** 2 * (1 + 8 * EPSILON) + EPSILON
        _, squared, rows = self._index.range_search(probe.code, limit)
        return self._near(probe, rows, squared)

    def _probe(self, vector: NDArray[np.float32]) -> "_Probe":
        scaled = vector.astype(np.float64) * self._scale
        code = np.clip(np.rint(scaled), -_STEPS, _STEPS)
        apart = float(np.linalg.norm(scaled - code)) / self._scale
        return _Probe(code.astype(np.float32)[np.newaxis], apart + self._error + EPSILON)

    def _near(self, probe: "_Probe", rows: NDArray[np.int64], squared: NDArray[np.float32]) -> Near:
        apart = np.sqrt(squared.astype(np.float64)) / self._scale
        rounding = _rounding(probe.code.shape[1])
        lower = np.maximum(apart * (1 - rounding) - probe.slack, 0)
        upper = apart * (1 + rounding) + probe.slack
        return Near(rows.astype(np.intp, copy=False), lower, upper, beyond=np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """The code of a probe, whole numbers as float32 (1, dimension), and what it and the rows' codes lose."""

    code: NDArray[np.float32]
    slack: float


def _rounding(dimension: int) -> float:
    """Relative error of a sum of squares in float32; all terms are positive, so nothing cancels."""
    return (dimension + 8) * EPSILON
