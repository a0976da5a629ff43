"""Labelled pictures in two halves without a common person, in which nobody outweighs the others."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.allpairs import all_pairs
from facenet_app.evaluation.subjects import SubjectPairs

__all__ = ["Halves", "evened", "most_pictures", "split_people"]

OUTWEIGHS: Final = 5
"""Times the median: more pictures of one person are not used."""


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """All pairs within each of two sets of people; ``pictures`` each has, at most ``most`` a person."""

    pairs: tuple[SubjectPairs, SubjectPairs]
    pictures: tuple[int, int]
    most: int

    @classmethod
    def of(
        cls, vectors: NDArray[np.float32], identities: NDArray[np.integer], *, max_fmr: float, seed: int
    ) -> "Halves":
        """The pictures that :func:`evened` leaves, as :func:`split_people` splits them.

        Args:
            vectors: float32 (N, D), unit vectors.
            identities: int (N,).
            max_fmr: the highest FMR that must be known exactly.
            seed: of both.

        Raises:
            UsageError: a half would have no mated pair.
        """
        used = evened(identities, seed)
        vectors, identities = vectors[used], identities[used]
        first = split_people(identities, seed)
        one, other = (
            all_pairs(vectors[rows], identities[rows], max_fmr=max_fmr).subjects for rows in (first, ~first)
        )
        _, pictures = np.unique(identities, return_counts=True)
        return cls((one, other), (int(first.sum()), int((~first).sum())), int(pictures.max()))

    @property
    def swapped(self) -> "Halves":
        first, second = self.pairs
        return Halves((second, first), (self.pictures[1], self.pictures[0]), self.most)

    @property
    def fewest_non_mated(self) -> int:
        """Non-mated pairs of the half that has fewer."""
        return min(half.non_mated_pairs for half in self.pairs)


def most_pictures(identities: NDArray[np.integer]) -> int:
    """How many pictures of one person are used: five times as many as the median person has.

    In Labeled Faces in the Wild one man has 530 pictures and half of the people have one. His brother
    has 12: those two make half of all false matches at a rate of 1e-5, and a threshold would depend on
    whether both are in the half that it is chosen on.
    """
    _, pictures = np.unique(identities, return_counts=True)
    return int(OUTWEIGHS * np.median(pictures))


def evened(identities: NDArray[np.integer], seed: int) -> NDArray[np.bool_]:
    """Which of N pictures are used, bool (N,): of every person at most :func:`most_pictures`, by lot."""
    shuffled = np.random.default_rng(seed).permutation(identities.size)
    order = shuffled[np.argsort(identities[shuffled], kind="stable")]
    _, starts, pictures = np.unique(identities[order], return_index=True, return_counts=True)
    rank = np.arange(identities.size) - np.repeat(starts, pictures)
    used = np.zeros(identities.size, np.bool_)
    used[order[rank < most_pictures(identities)]] = True
    return used


def split_people(identities: NDArray[np.integer], seed: int) -> NDArray[np.bool_]:
    """Which of N pictures are of the people in the first half: bool (N,).

    People with like numbers of pictures are paired and a coin decides who goes where, so the halves
    are alike in size also where few people have most of the pictures.

    Raises:
        UsageError: a half would have no mated pair.
    """
    people, person, pictures = np.unique(identities, return_inverse=True, return_counts=True)
    if (pictures >= 2).sum() < 2:
        raise UsageError(
            "insufficient data: at least two people need two pictures or more each",
            "add pictures: thresholds are chosen on some of the people and measured on the others",
        )
    random = np.random.default_rng(seed)
    shuffled = random.permutation(people.size)
    by_pictures = shuffled[np.argsort(-pictures[shuffled], kind="stable")]
    rank = np.arange(people.size)
    side = np.empty(people.size, np.int64)
    side[by_pictures] = random.integers(0, 2, people.size)[rank // 2] ^ (rank % 2)
    first: NDArray[np.bool_] = side[person] == 0
    return first
