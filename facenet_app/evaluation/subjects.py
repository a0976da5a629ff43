"""Distances of pairs together with the people in them: what intervals and weights are made of.

Pairs that share a person are not independent, so whoever asks how sure a rate is must know who is
in which pair.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from facenet_app.errors import UsageError
from facenet_app.evaluation.rates import PairDistances

__all__ = ["SubjectPairs"]


@dataclass(frozen=True, slots=True, eq=False)
class SubjectPairs:
    """Pairs sorted by distance, with people numbered 0 … ``people - 1``.

    Args:
        people: how many people there are.
        mated: float64 (M,), sorted.
        mated_person: int (M,), whose two pictures those are.
        non_mated: float64 (K,), sorted; all non-mated pairs, or every one at or under some limit.
        non_mated_people: int (K, 2), the two people.
        pictures: None if all non-mated pairs are listed. Otherwise every picture of one side was
            compared with every one of the other, and this is float64 (2, people), the pictures
            each person has on the two sides. If both sides are the same set, the second row is
            halved: then each pair is counted once.
        limit: every non-mated pair at or under this distance is listed.
    """

    people: int
    mated: NDArray[np.float64]
    mated_person: NDArray[np.integer]
    non_mated: NDArray[np.float64]
    non_mated_people: NDArray[np.integer]
    pictures: NDArray[np.float64] | None = None
    limit: float = np.inf

    @classmethod
    def from_list(
        cls, distances: ArrayLike, probe_person: ArrayLike, reference_person: ArrayLike
    ) -> "SubjectPairs":
        """From a list of pairs, each with its distance and two people (any integers).

        A pair is mated if and only if both are the same person. An infinite distance stands for a
        missing face: it is never accepted, and the rates at a threshold are then FAR and FRR.

        Raises:
            UsageError: a distance is not a number.
        """
        distance = np.asarray(distances, np.float64)
        both = np.stack([np.asarray(probe_person), np.asarray(reference_person)], axis=1)
        if both.shape != (distance.size, 2):
            raise ValueError(f"{distance.size} distances of pairs, and people of shape {both.shape}")
        if np.isnan(distance).any():
            raise UsageError("a distance of the pairs is not a number", "look for broken embeddings")
        names, numbers = np.unique(both, return_inverse=True)
        order = np.argsort(distance, kind="stable")
        distance, person = distance[order], numbers.reshape(both.shape)[order]
        mated = person[:, 0] == person[:, 1]
        return cls(
            people=names.size,
            mated=distance[mated],
            mated_person=person[mated, 0],
            non_mated=distance[~mated],
            non_mated_people=person[~mated],
        )

    @property
    def non_mated_pairs(self) -> int:
        """All of them, also those beyond the limit."""
        return round(float(self.non_mated_weight(np.ones((1, self.people)))[0]))

    def distances(self) -> PairDistances:
        """The counting core over these pairs."""
        return PairDistances(self.mated, self.non_mated, non_mated_pairs=self.non_mated_pairs)

    def mated_pairs_of(self, first: int = 0) -> NDArray[np.float64]:
        """For each person the number of mated pairs, from the ``first``-nearest on: float64 (people,)."""
        return np.bincount(self.mated_person[first:], minlength=self.people).astype(np.float64)

    def nearest_of(self, count: int) -> NDArray[np.float64]:
        """For each person, in how many of the ``count`` nearest non-mated pairs: float64 (people,)."""
        people = self.non_mated_people[:count].ravel()
        return np.bincount(people, minlength=self.people).astype(np.float64)

    def non_mated_pairs_of(self) -> NDArray[np.float64]:
        """For each person, in how many non-mated pairs at all: float64 (people,)."""
        if self.pictures is None:
            return self.nearest_of(self.non_mated.size)
        one, other = self.pictures
        pairs: NDArray[np.float64] = one * (other.sum() - other) + other * (one.sum() - one)
        return pairs

    def non_mated_weight(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weight of all non-mated pairs, a pair's being the product of its people's.

        ``weights`` is float64 (B, people), one row for each replicate; gives (B,).
        """
        if self.pictures is None:
            return self.nearest_weight(weights, self.non_mated.size)
        one, other = self.pictures
        # All products less those of a person with himself.
        total: NDArray[np.float64] = (weights @ one) * (weights @ other) - (weights**2) @ (one * other)
        return total

    def nearest_weight(self, weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """The weight of the ``count`` nearest non-mated pairs: (B, people) gives (B,)."""
        pairs = self.non_mated_people[:count]
        if len(pairs) < self.people:  # quicker than touching everybody
            one, other = pairs.T
            few: NDArray[np.float64] = np.einsum("bk,bk->b", weights[:, one], weights[:, other])
            return few
        # The several pairs of two people become one entry.
        shared = csr_array(
            (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(self.people, self.people)
        )
        weighted: NDArray[np.float64] = shared.T @ weights.T
        total: NDArray[np.float64] = np.einsum("pb,bp->b", weighted, weights)
        return total
