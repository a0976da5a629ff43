"""Some of the people of a search index, with all of their samples. Never changes."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Template
from facenet_app.gallery.packed import PackedText
from facenet_app.gallery.references import Centroids, References, Samples

__all__ = ["Part"]


@dataclass(frozen=True, eq=False)
class Part:
    """People in ascending order of their ids; threads may share it.

    ``vectors`` are float32 (samples, dimension), those of a person together, oldest first;
    ``starts`` int32 (people,), the persons' first rows. ``sample_ids`` and ``numbers`` (int64, those of
    the table) are one a row, ``identity_ids`` and ``names`` one a person.
    """

    vectors: NDArray[np.float32]
    starts: NDArray[np.int32]
    numbers: NDArray[np.int64]
    sample_ids: PackedText
    identity_ids: PackedText
    names: PackedText

    @classmethod
    def of(
        cls,
        vectors: NDArray[np.float32],
        sample_ids: Sequence[str],
        identity_ids: Sequence[str],
        names: Sequence[str],
        numbers: NDArray[np.int64] | None = None,
    ) -> "Part":
        """From rows in any order; ``identity_ids`` and ``names`` are one a row here.

        ``vectors`` are not copied if the rows are in order of the people's ids already. ``numbers`` are
        those of the rows if not given.
        """
        order = sorted(range(len(identity_ids)), key=identity_ids.__getitem__)  # stable
        in_order = all(number == row for number, row in enumerate(order))
        owners = [identity_ids[row] for row in order]
        starts = [i for i, owner in enumerate(owners) if i == 0 or owner != owners[i - 1]]
        return cls(
            vectors if in_order else vectors[order],
            np.array(starts, np.int32),
            np.array(order, np.int64) if numbers is None else numbers[order],
            PackedText(sample_ids[row] for row in order),
            PackedText(owners[start] for start in starts),
            PackedText(names[order[start]] for start in starts),
        )

    @property
    def people(self) -> int:
        return len(self.starts)

    @property
    def samples(self) -> int:
        return len(self.vectors)

    def own(self, person: int) -> slice:
        """The rows of a person."""
        last = person + 1 == self.people
        return slice(int(self.starts[person]), self.samples if last else int(self.starts[person + 1]))

    def person_of(self, row: int) -> int:
        """Whose sample a row is."""
        return int(np.searchsorted(self.starts, row, "right")) - 1

    def find(self, identity_id: str) -> int | None:
        """The number of the person with this id, or None."""
        found = bisect_left(range(self.people), identity_id, key=self.identity_ids.__getitem__)
        return found if found < self.people and self.identity_ids[found] == identity_id else None

    def owners(self, numbers: Collection[int]) -> set[str]:
        """Ids of those whose samples have one of these numbers."""
        rows = np.flatnonzero(np.isin(self.numbers, list(numbers))) if numbers else np.empty(0, np.intp)
        return {self.identity_ids[person] for person in self._samples.people(rows)}

    def references(self, template: Template) -> References:
        """What a face is compared with; one row a sample if nobody has two, as then they are the same."""
        if template is Template.CENTROID and self.people < self.samples:
            return self._centroids
        return self._samples

    @cached_property
    def _samples(self) -> Samples:
        """Threads that come first at a time each make the same, here and below."""
        return Samples(self.vectors, self.starts)

    @cached_property
    def _centroids(self) -> Centroids:
        return Centroids(self.vectors, self.starts)
