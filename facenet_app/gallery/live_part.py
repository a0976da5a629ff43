"""A part of a search index from which people may have gone since it was made."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.gallery.part import Part

__all__ = ["LARGEST", "LivePart", "merged", "settled"]

LARGEST: Final = 131_072
"""Samples of a part that is never merged with others. Parts of a large gallery have about this many, so
that threads can share a search, and what is copied at a time is little beside all of it."""

_SMALL: Final = 512
"""Samples of a part that the next one is always merged with."""


@dataclass(frozen=True, eq=False)
class LivePart:
    """A part, and who of its people is there still: bool (people,), or None for all of them."""

    part: Part
    alive: NDArray[np.bool_] | None = None

    @cached_property
    def people(self) -> int:
        return self.part.people if self.alive is None else int(self.alive.sum())

    @cached_property
    def samples(self) -> int:
        return self.part.samples if self.alive is None else int(self._sizes[self.alive].sum())

    @property
    def _sizes(self) -> NDArray[np.intp]:
        return np.diff(self.part.starts, append=self.part.samples)

    def without(self, identity_ids: Collection[str]) -> "LivePart":
        """The same without these people, few beside those of the part; itself if none is in it."""
        gone = [number for each in identity_ids if (number := self.part.find(each)) is not None]
        if not gone:
            return self
        alive = np.ones(self.part.people, bool) if self.alive is None else self.alive.copy()
        alive[gone] = False
        return LivePart(self.part, alive)

    def rows(self) -> NDArray[np.intp]:
        """The samples of those who are there, in order."""
        if self.alive is None:
            return np.arange(self.part.samples)
        return np.flatnonzero(np.repeat(self.alive, self._sizes))

    def owners(self) -> NDArray[np.intp]:
        """Whose samples :meth:`rows` are: numbers of people."""
        return np.repeat(np.arange(self.part.people), self._sizes)[self.rows()]


def merged(parts: Sequence[LivePart]) -> LivePart:
    """One part of those who are there; nobody is in two of them."""
    ids: list[str] = []
    owners: list[str] = []
    names: list[str] = []
    for each in parts:
        ids += [each.part.sample_ids[row] for row in each.rows()]
        owners += [each.part.identity_ids[person] for person in each.owners()]
        names += [each.part.names[person] for person in each.owners()]
    vectors = np.concatenate([each.part.vectors[each.rows()] for each in parts])
    numbers = np.concatenate([each.part.numbers[each.rows()] for each in parts])
    return LivePart(Part.of(vectors, ids, owners, names, numbers))


def settled(parts: Sequence[LivePart]) -> tuple[LivePart, ...]:
    """The same people in few parts: the last ones are merged as long as they are of like size.

    So a sample that is added is copied a few times in all, as its part grows, and there are never more
    small parts than the size has digits. Parts that most have gone from are made anew.
    """
    kept: list[LivePart] = []
    for each in parts:
        if each.people == 0:
            continue
        kept.append(merged([each]) if 2 * each.samples < each.part.samples else each)
        while len(kept) > 1 and _belong_together(*kept[-2:]):
            kept[-2:] = [merged(kept[-2:])]
    return tuple(kept)


def _belong_together(before: LivePart, last: LivePart) -> bool:
    if before.samples + last.samples > LARGEST:
        return False
    return before.samples < max(_SMALL, 2 * last.samples)
