"""A part of the search index in the making: who has which samples is known, the samples come in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.gallery.packed import PackedText
from facenet_app.gallery.part import Part

__all__ = ["ID", "Owner", "PartFilling"]

ID: Final = np.dtype("S32")
"""Of arrays of sample ids."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A person, and the numbers of their samples in ascending order."""

    identity_id: str
    name: str
    numbers: Sequence[int]


class PartFilling:
    """Takes the samples of these people, who are in ascending order of their ids."""

    def __init__(self, owners: Sequence[Owner]) -> None:
        self._sizes = np.array([len(owner.numbers) for owner in owners], np.int64)
        self._identity_ids = PackedText(owner.identity_id for owner in owners)
        self._names = PackedText(owner.name for owner in owners)
        self._starts = np.cumsum(self._sizes) - self._sizes
        every = chain.from_iterable(owner.numbers for owner in owners)
        self._numbers = np.fromiter(every, np.int64, int(self._sizes.sum()))
        self._by_number = np.argsort(self._numbers)
        self._there = np.zeros(len(self._numbers), bool)
        self._sample_ids = np.empty(len(self._numbers), ID)
        self._vectors: NDArray[np.float32] = np.empty((0, 0), np.float32)

    def put(
        self, numbers: NDArray[np.int64], sample_ids: NDArray[np.bytes_], vectors: NDArray[np.float32]
    ) -> None:
        """Take those samples that are of these people.

        Raises:
            ValueError: the vectors are not as long as those before.
        """
        at = np.searchsorted(self._numbers, numbers, sorter=self._by_number)
        rows = self._by_number[np.minimum(at, len(self._by_number) - 1)]
        own = np.flatnonzero(self._numbers[rows] == numbers)
        if not len(own):
            return
        if not self._there.any():
            self._vectors = np.empty((len(self._numbers), vectors.shape[1]), np.float32)
        if vectors.shape[1] != self._vectors.shape[1]:
            raise ValueError("vectors of different dimensions")
        self._vectors[rows[own]] = vectors[own]
        self._sample_ids[rows[own]] = sample_ids[own]
        self._there[rows[own]] = True

    def filled(self) -> Part:
        """The part of those samples that came; lets go of what was only needed until now."""
        del self._by_number
        there = self._there
        if there.all():
            names, ids, starts = self._names, self._identity_ids, self._starts
            rows: slice | NDArray[np.intp] = slice(None)
        else:
            rows = np.flatnonzero(there)
            people, starts = np.unique(
                np.repeat(np.arange(len(self._starts)), self._sizes)[rows], return_index=True
            )
            names = PackedText(self._names[each] for each in people)
            ids = PackedText(self._identity_ids[each] for each in people)
        return Part(
            vectors=self._vectors[rows],
            starts=starts.astype(np.int32),
            numbers=self._numbers[rows],
            sample_ids=PackedText.of_ascii(self._sample_ids[rows]),
            identity_ids=ids,
            names=names,
        )
