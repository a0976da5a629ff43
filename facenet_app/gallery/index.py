"""Exact search for the nearest people, in memory."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import distance, distances
from facenet_app.domain import Candidate, Embedding
from facenet_app.errors import ModelMismatch

__all__ = ["SearchIndex"]

_EPSILON: Final = float(np.finfo(np.float32).eps)


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
        self._vectors = vectors if np.all(order[:-1] <= order[1:]) else vectors[order]
        self._sample_ids = [sample_ids[row] for row in order]
        self._starts = starts
        self._stops = np.append(starts[1:], len(order))
        self._people = [(identity_ids[row], names[row]) for row in order[starts]]
        squares = np.einsum("ij,ij->i", self._vectors, self._vectors)
        self._off_unit = float(np.abs(squares - 1).max(initial=0))

    @property
    def people(self) -> int:
        """How many people have a sample here."""
        return len(self._people)

    @property
    def samples(self) -> int:
        return len(self._sample_ids)

    def search(self, embedding: Embedding, k: int) -> list[Candidate]:
        """The ``k`` people nearest to ``embedding``, by ascending distance of their nearest sample.

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
        squared = np.square(distances(embedding.vector[np.newaxis], self._vectors)[0])
        nearest = np.minimum.reduceat(squared, self._starts)
        margin = 2 * self._error(embedding.vector)
        kth = np.inf if k >= self.people else np.partition(nearest, k - 1)[k - 1]
        within = np.flatnonzero(nearest <= kth + margin)
        found = [self._candidate(embedding, person, squared, nearest[person] + margin) for person in within]
        found.sort(key=lambda candidate: (candidate.distance, candidate.name, candidate.identity_id))
        return found[:k]

    def _error(self, vector: NDArray[np.float32]) -> float:
        """How wrong a squared distance by one float32 product can be, at most.

        Whoever is really among the k nearest is at most twice that farther than the k-th nearest
        seems to be, and so is a person's really nearest sample. The first part is for vectors not
        quite of length 1, for which ``2 - 2ab`` is not the squared distance; the second bounds the
        rounding of a dot product (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
        """
        off_unit = abs(float(vector @ vector) - 1)
        return 2 * (self._off_unit + off_unit) + 4 * (len(vector) + 4) * _EPSILON

    def _candidate(
        self, embedding: Embedding, person: np.intp, squared: NDArray[np.float32], limit: float
    ) -> Candidate:
        """A person with the exact distance of their nearest sample, the lower id if two tie."""
        start, stop = self._starts[person], self._stops[person]
        rows = start + np.flatnonzero(squared[start:stop] <= limit)
        best, sample_id = min(
            (distance(embedding, Embedding(self._vectors[row], self.fingerprint)), self._sample_ids[row])
            for row in rows
        )
        identity_id, name = self._people[person]
        return Candidate(identity_id=identity_id, name=name, sample_id=sample_id, distance=best)


def _grouped(identity_ids: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """An order of the rows in which each person's stand together, and where each person starts."""
    if not identity_ids:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    numbers: dict[str, int] = {}
    person = np.array([numbers.setdefault(each, len(numbers)) for each in identity_ids])
    order = np.argsort(person, kind="stable")
    return order, np.flatnonzero(np.diff(person[order], prepend=-1))
