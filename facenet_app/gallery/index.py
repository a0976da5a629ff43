"""Exact search for the nearest people, in memory."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import ROUNDING, distance, distances
from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery.live_part import LivePart, merged, settled
from facenet_app.gallery.nearest import SURE, Close, Source, close_people
from facenet_app.gallery.part import Part
from facenet_app.gallery.references import References

__all__ = ["SearchIndex"]

_FEW: Final = 131_072
"""Samples up to which one product with all of them takes less time than a search for each of some faces."""
_BLOCK: Final = 8192
"""Rows of one product."""


class SearchIndex:
    """Everybody's samples. Never changes, so threads may share it; :meth:`replaced` gives another one.

    Args:
        fingerprint: of the model that made all of the vectors.
        parts: everybody, in any number of parts; nobody is in two of them.
    """

    def __init__(self, fingerprint: str, parts: Sequence[Part | LivePart]) -> None:
        self.fingerprint = fingerprint
        self._parts = settled([LivePart(each) if isinstance(each, Part) else each for each in parts])

    @classmethod
    def of(
        cls,
        fingerprint: str,
        vectors: NDArray[np.float32],
        sample_ids: Sequence[str],
        identity_ids: Sequence[str],
        names: Sequence[str],
    ) -> "SearchIndex":
        """From rows in any order.

        Args:
            fingerprint: of the model that made all of the vectors.
            vectors: float32 (samples, dimension), finite, of length 1; kept as it is, not copied, if
                the rows are in order of the people's ids.
            sample_ids: one a row.
            identity_ids: whose sample each row is.
            names: what that person is called; the same in all of a person's rows.
        """
        return cls(fingerprint, [Part.of(vectors, sample_ids, identity_ids, names)])

    def replaced(self, identity_ids: Collection[str], fresh: Sequence[Part]) -> "SearchIndex":
        """The same for everybody but these people, who are as in ``fresh``, or gone if not in it.

        Shares the memory of this index; takes a time in proportion to the number of these people.
        """
        return SearchIndex(self.fingerprint, [*(each.without(identity_ids) for each in self._parts), *fresh])

    def everybody(self) -> Part | None:
        """All in one part, which takes the memory of another copy; None if there is nobody."""
        return merged(self._parts).part if self._parts else None

    def owners(self, numbers: Collection[int]) -> set[str]:
        """Ids of those whose samples have one of these numbers in the table."""
        return {owner for each in self._parts for owner in each.part.owners(numbers)}

    @property
    def people(self) -> int:
        """How many people have a sample here."""
        return sum(each.people for each in self._parts)

    @property
    def samples(self) -> int:
        return sum(each.samples for each in self._parts)

    def search(self, embedding: Embedding, k: int, template: Template = Template.CENTROID) -> list[Candidate]:
        """The ``k`` people nearest to ``embedding``, by ascending distance of their template.

        Exact: the same people, samples and distances as comparing one by one with
        :func:`facenet_app.comparison.distance.distance`. Ties go by name, then id.

        Raises:
            ModelMismatch: the embedding was made by another model than the gallery's.
        """
        if embedding.fingerprint != self.fingerprint:
            raise ModelMismatch(
                f"the face was embedded by model {embedding.fingerprint}, the gallery by {self.fingerprint}",
                "run `facenet-app gallery reembed`",
            )
        if k < 1 or not self._parts:
            return []
        sources = [Source(each.part.references(template), each.alive) for each in self._parts]
        found = []
        for close in close_people(sources, embedding.vector, k):
            part = self._parts[close.source].part
            far = min(_exact(sources[close.source].references, close.rows, embedding))
            found.append((far, part.names[close.person], part.identity_ids[close.person], close))
        found.sort(key=lambda each: each[:3])
        return [self._candidate(embedding, *each) for each in found[:k]]

    def search_each(
        self, embeddings: Sequence[Embedding], k: int, template: Template = Template.CENTROID
    ) -> list[list[Candidate]]:
        """See :meth:`facenet_app.gallery.searchable.Searchable.search_each`."""
        return [self.search(embedding, k, template) for embedding in embeddings]

    def near(
        self, faces: NDArray[np.float32], reach: float, template: Template = Template.CENTROID
    ) -> NDArray[np.bool_]:
        """See :meth:`facenet_app.gallery.searchable.Searchable.near`; in large galleries that is all."""
        if self.samples > _FEW:
            return np.ones(len(faces), bool)
        found = np.zeros(len(faces), bool)
        for each in self._parts:
            references = each.part.references(template)
            for first in range(0, references.count, _BLOCK):
                block = references.block(first, min(first + _BLOCK, references.count))
                found |= (distances(faces, block) <= reach + ROUNDING).any(axis=1)
        return found

    def _candidate(
        self, embedding: Embedding, far: float, name: str, identity_id: str, close: Close
    ) -> Candidate:
        """A person with their nearest sample, the lower id if two tie."""
        part = self._parts[close.source].part
        own = part.own(close.person)
        rows = np.arange(own.start, own.stop)
        samples = part.references(Template.NEAREST)
        apart = samples.far(rows, embedding.vector)
        tied = rows[apart <= apart.min() + SURE]
        each = _exact(samples, tied, embedding)
        sample_id = min(
            part.sample_ids[row] for row, this in zip(tied, each, strict=True) if this == min(each)
        )
        return Candidate(identity_id=identity_id, name=name, sample_id=sample_id, distance=far)


def _exact(references: References, rows: NDArray[np.intp], embedding: Embedding) -> list[float]:
    """Distances of these rows to the last digit."""
    vectors = references.vectors(rows)
    return [distance(embedding, Embedding(vector, embedding.fingerprint)) for vector in vectors]
