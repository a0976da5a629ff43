"""Exact search for the nearest people, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids, distance, distances
from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.errors import ModelMismatch

__all__ = ["SearchIndex"]

_EPSILON: Final = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, slots=True, eq=False)
class _References:
    """What a face is compared with: float32 (rows, dimension), those of a person together.

    ``starts`` are the persons' first rows; ``off_unit`` is how far a squared length is from 1 at most.
    """

    vectors: NDArray[np.float32]
    starts: NDArray[np.intp]
    off_unit: float

    @classmethod
    def of(cls, vectors: NDArray[np.float32], starts: NDArray[np.intp]) -> "_References":
        squares = np.einsum("ij,ij->i", vectors, vectors)
        return cls(vectors, starts, float(np.abs(squares - 1).max(initial=0)))

    def rows(self, person: np.intp) -> slice:
        last = person + 1 == len(self.starts)
        return slice(self.starts[person], len(self.vectors) if last else self.starts[person + 1])

    def error(self, vector: NDArray[np.float32]) -> float:
        """How wrong a squared distance by one float32 product can be, at most.

        Whoever is really among the k nearest is at most twice that farther than the k-th nearest
        seems to be, and so is a person's really nearest row. The first part is for vectors not
        quite of length 1, for which ``2 - 2ab`` is not the squared distance; the second bounds the
        rounding of a dot product (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
        """
        off_unit = abs(float(vector @ vector) - 1)
        return 2 * (self.off_unit + off_unit) + 4 * (len(vector) + 4) * _EPSILON

    def nearest(self, embedding: Embedding, rows: NDArray[np.intp]) -> tuple[float, list[int]]:
        """The exact distance of the nearest of these rows, and all that are at that distance."""
        exact = [distance(embedding, Embedding(self.vectors[row], embedding.fingerprint)) for row in rows]
        least = min(exact)
        return least, [int(row) for row, each in zip(rows, exact, strict=True) if each == least]


class SearchIndex:
    """Everybody's samples as one matrix. Never changes, so threads may share it.

    Args:
        fingerprint: of the model that made all of the vectors.
        vectors: float32 (samples, dimension), finite, of length 1; kept as it is, not copied, if the
            samples of each person stand together.
        sample_ids: one a row.
        identity_ids: whose sample each row is.
        names: what that person is called; the same in all of a person's rows.
    """

    def __init__(
        self,
        fingerprint: str,
        vectors: NDArray[np.float32],
        sample_ids: Sequence[str],
        identity_ids: Sequence[str],
        names: Sequence[str],
    ) -> None:
        self.fingerprint = fingerprint
        order, starts = _grouped(identity_ids)
        self._sample_ids = [sample_ids[row] for row in order]
        self._people = [(identity_ids[row], names[row]) for row in order[starts]]
        grouped = vectors if np.all(order[:-1] <= order[1:]) else vectors[order]
        self._samples = _References.of(grouped, starts)

    @cached_property
    def _centroids(self) -> _References:
        """One row a person. Threads that come first at a time each make the same."""
        one_each = np.arange(self.people)
        return _References.of(centroids(self._samples.vectors, self._samples.starts), one_each)

    @property
    def people(self) -> int:
        """How many people have a sample here."""
        return len(self._people)

    @property
    def samples(self) -> int:
        return len(self._sample_ids)

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
        if k < 1 or not self._people:
            return []
        references = self._centroids if template is Template.CENTROID else self._samples
        squared = np.square(distances(embedding.vector[np.newaxis], references.vectors)[0])
        nearest = np.minimum.reduceat(squared, references.starts)
        margin = 2 * references.error(embedding.vector)
        kth = np.inf if k >= self.people else np.partition(nearest, k - 1)[k - 1]
        within = np.flatnonzero(nearest <= kth + margin)
        found = []
        for person in within:
            own = references.rows(person)
            rows = own.start + np.flatnonzero(squared[own] <= nearest[person] + margin)
            found.append((references.nearest(embedding, rows)[0], person))
        found.sort(key=lambda each: (each[0], self._people[each[1]][1], self._people[each[1]][0]))
        return [self._candidate(embedding, *each) for each in found[:k]]

    def _candidate(self, embedding: Embedding, far: float, person: np.intp) -> Candidate:
        """A person with their nearest sample, the lower id if two tie."""
        own = self._samples.rows(person)
        squared = np.square(distances(embedding.vector[np.newaxis], self._samples.vectors[own])[0])
        margin = 2 * self._samples.error(embedding.vector)
        rows = own.start + np.flatnonzero(squared <= squared.min() + margin)
        sample_id = min(self._sample_ids[row] for row in self._samples.nearest(embedding, rows)[1])
        identity_id, name = self._people[person]
        return Candidate(identity_id=identity_id, name=name, sample_id=sample_id, distance=far)


def _grouped(identity_ids: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """An order of the rows in which each person's stand together, and where each person starts."""
    if not identity_ids:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    numbers: dict[str, int] = {}
    person = np.array([numbers.setdefault(each, len(numbers)) for each in identity_ids])
    order = np.argsort(person, kind="stable")
    return order, np.flatnonzero(np.diff(person[order], prepend=-1))
