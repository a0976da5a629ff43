"""The nearest people among several sets of references: exact, however the sets are looked through.

Each set gives its nearest rows with bounds of their distances. The k-th smallest upper bound of
different people is a distance within which k people surely are, so whoever is farther by the lower
bound is out. The rest is compared exactly, which gives the k-th distance; a set that may hold more rows
within it, because the bounds overlap, is looked through once more for all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.gallery.references import References
from facenet_app.gallery.scan import Near
from facenet_app.gallery.scan_threads import in_threads

__all__ = ["SURE", "Close", "Source", "close_people"]

_FIRST: Final = 32
"""Rows that each set is asked for at first, or four times the number of people wanted."""
_WIDER: Final = 8

SURE: Final = 1e-9
"""More than float64 loses in computing a distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Some references, and which of their people count: bool (people,), or None for all of them."""

    references: References
    counting: NDArray[np.bool_] | None = None

    def nearest(self, vector: NDArray[np.float32], count: int) -> "_Found":
        return self._found(self.references.scan.nearest(vector, count))

    def within(self, vector: NDArray[np.float32], radius: float) -> "_Found":
        return self._found(self.references.scan.within(vector, radius))

    def _found(self, near: Near) -> "_Found":
        people = self.references.people(near.rows)
        if self.counting is None:
            return _Found(near.rows, people, near.lower, near.upper, near.beyond)
        mask = self.counting[people]
        return _Found(near.rows[mask], people[mask], near.lower[mask], near.upper[mask], near.beyond)

    def compared(self, found: "_Found", vector: NDArray[np.float32], reach: float) -> "_Compared":
        """Those that may be within ``reach``, exactly."""
        may_be = found.lower <= reach
        rows = found.rows[may_be]
        return _Compared(rows, found.people[may_be], self.references.far(rows, vector))


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """A person of a source who may be among the nearest, and the rows that may be their nearest."""

    source: int
    person: int
    rows: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """As :class:`Near`, with the people whose rows these are."""

    rows: NDArray[np.intp]
    people: NDArray[np.intp]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    beyond: float


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Rows of one source with their distances in float64."""

    rows: NDArray[np.intp]
    people: NDArray[np.intp]
    far: NDArray[np.float64]

    def close(self, source: int, reach: float) -> Iterator[Close]:
        """Everybody within ``reach``, with the rows that tie for their nearest."""
        order, starts = _by_person(self.people, self.far)
        people, far, rows = self.people[order], self.far[order], self.rows[order]
        for start, end in zip(starts, np.append(starts, len(rows))[1:], strict=True):
            if far[start] <= reach:
                tied = start + np.searchsorted(far[start:end], far[start] + SURE, "right")
                yield Close(source, int(people[start]), rows[start:tied])


def close_people(sources: Sequence[Source], vector: NDArray[np.float32], k: int) -> list[Close]:
    """Everybody who is among the ``k`` (1 or more) nearest people, or ties with the last of them.

    Args:
        sources: nobody is in two of them.
        vector: float32 (dimension,), of length 1.
        k: how many people are wanted.
    """
    found = _looked_through(sources, vector, k)
    reach = _kth([(each.people, each.upper) for each in found], k)
    compared = [source.compared(each, vector, reach) for source, each in zip(sources, found, strict=True)]
    reach = min(reach, _kth([(each.people, each.far) for each in compared], k) + SURE)
    for number, (source, each) in enumerate(zip(sources, found, strict=True)):
        if each.beyond <= reach:
            compared[number] = source.compared(source.within(vector, reach), vector, reach)
    reach = _kth([(each.people, each.far) for each in compared], k) + SURE
    return [close for number, each in enumerate(compared) for close in each.close(number, reach)]


def _looked_through(sources: Sequence[Source], vector: NDArray[np.float32], k: int) -> list[_Found]:
    """The nearest rows of each source: at least those of ``k`` people in all, or else every row."""
    count = max(_FIRST, 4 * k)
    while True:
        found = in_threads(
            [partial(source.nearest, vector, count) for source in sources],
            long=[source.references.coded for source in sources],
        )
        enough = np.isfinite(_kth([(each.people, each.upper) for each in found], k))
        if enough or all(np.isinf(each.beyond) for each in found):
            return found
        count *= _WIDER


def _kth(of: Iterable[tuple[NDArray[np.intp], NDArray[np.float64]]], k: int) -> float:
    """The ``k``-th smallest of the people's least distances; infinite if there are fewer people."""
    least = []
    for people, far in of:
        order, starts = _by_person(people, far)
        least.append(far[order[starts]])
    each = np.concatenate(least)
    return float(np.partition(each, k - 1)[k - 1]) if k <= len(each) else np.inf


def _by_person(
    people: NDArray[np.intp], far: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """An order by person, the nearest first, and where each person starts in it."""
    order = np.lexsort((far, people))
    return order, np.flatnonzero(np.diff(people[order], prepend=-1))
