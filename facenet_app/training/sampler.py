"""Which pictures make a batch: P people with K pictures each, as online triplet mining needs them.

Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017 (PK
batches); FaceNet (Schroff et al., CVPR 2015) used about 40 pictures of a person and 1,800 in all.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError

__all__ = ["PeopleSampler"]

_ORDER: Final = 1
_SINGLES: Final = 2
_MIX: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


class PeopleSampler:
    """Batches of ``people`` groups with ``images`` pictures each, the same for the same seed and epoch.

    The rules:

    * Everybody with two or more pictures has a group in every epoch. Where the last batch has room,
      people from the beginning of the epoch have a second one.
    * Somebody with more than ``images`` pictures shows other ones in every epoch, so that all were
      used after as few epochs as possible; then they are shuffled again.
    * Somebody with two or more, but fewer than ``images``, has some of them twice: all equally often,
      give or take one.
    * People with one picture can be no anchor. They are left out, or, with ``strangers``, they are
      negatives: so many groups of every batch are ``images`` different people with one picture each.

    Args:
        labels: (N,) whole numbers, equal for pictures of the same person.
        people: groups in a batch, over all processes.
        images: pictures in a group, two at least.
        seed: decides about everything that is drawn.
        strangers: groups of every batch made of people with one picture.

    Raises:
        UsageError: the labels cannot give such batches; the message says what they can give.
    """

    def __init__(
        self,
        labels: Sequence[int] | NDArray[np.int64],
        *,
        people: int,
        images: int,
        seed: int,
        strangers: int = 0,
    ) -> None:
        if images < 2 or not 0 <= strangers < people:
            raise UsageError(
                f"batches of {people} people, {strangers} of them strangers, × {images} images have no "
                "positive pairs",
                "ask for one person at least and for two images or more",
            )
        self.people, self.images, self.seed, self.strangers = people, images, seed, strangers
        values, person, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
        rows = np.argsort(person, kind="stable")
        single = counts[person[rows]] == 1
        self._singles = rows[single]
        self._rows = rows[~single]
        self._counts = counts[counts > 1]
        self._starts = np.cumsum(self._counts) - self._counts
        self._check(len(values))

    def _check(self, known: int) -> None:
        if self._counts.size < self.people - self.strangers:
            raise UsageError(
                f"a batch needs {self.people - self.strangers} people with two images or more, and "
                f"{self._counts.size} of the {known} people have them",
                "ask for fewer people in a batch, or add pictures",
            )
        if self._singles.size < self.strangers * self.images:
            raise UsageError(
                f"{self.strangers} groups of strangers need {self.strangers * self.images} people with one "
                f"image, and there are {self._singles.size}",
                "ask for fewer strangers",
            )

    @property
    def batches_per_epoch(self) -> int:
        """How many batches every process has in every epoch."""
        return -(-self._counts.size // (self.people - self.strangers))

    def batches(
        self, epoch: int, *, rank: int = 0, world: int = 1, start: int = 0
    ) -> Iterator[NDArray[np.int64]]:
        """The batches of one process: rows, int64 (people · images / world,), group after group.

        Together, in order of their rank, the processes have the batch that one alone would have.

        Args:
            epoch: from 0; each has other batches.
            rank: of this process, from 0.
            world: how many processes there are; divides ``people``.
            start: batches to skip, for going on within an epoch.

        Raises:
            UsageError: the groups of a batch cannot be shared out equally.
        """
        if self.people % world or not 0 <= rank < world:
            raise UsageError(
                f"{self.people} people in a batch cannot be shared out to process {rank} of {world}",
                "choose a number of people that the number of processes divides",
            )
        return self._share(epoch, rank, world, start)

    def _share(self, epoch: int, rank: int, world: int, start: int) -> Iterator[NDArray[np.int64]]:
        pictures = self._pictures(epoch)
        order = np.random.default_rng((self.seed, epoch, _ORDER)).permutation(self._counts.size)
        singles = np.random.default_rng((self.seed, epoch, _SINGLES)).permutation(self._singles)
        step, alone = self.people - self.strangers, self.strangers * self.images
        mine = slice(rank * self.people // world, (rank + 1) * self.people // world)
        for batch in range(start, self.batches_per_epoch):
            groups = pictures[order.take(range(batch * step, (batch + 1) * step), mode="wrap")]
            others = (
                singles.take(range(batch * alone, (batch + 1) * alone), mode="wrap") if alone else singles[:0]
            )
            both = np.concatenate([groups, others.reshape(-1, self.images)])
            yield both[mine].reshape(-1)

    def _pictures(self, epoch: int) -> NDArray[np.int64]:
        """For everybody the pictures of this epoch: rows, (people with two or more, images)."""
        turns = -(-self._counts // self.images)  # epochs until all pictures were used
        cycle, turn = np.divmod(epoch, turns)
        person = np.repeat(np.arange(self._counts.size), self._counts)
        # Sorting by hashes shuffles the pictures of all people at once, anew in each person's next cycle.
        shuffled = np.lexsort((_hashes(self.seed, cycle[person], np.arange(person.size)), person))
        # The last turn of a cycle reaches back, rather than show a picture twice.
        first = np.minimum(turn * self.images, np.maximum(self._counts - self.images, 0))
        within = (first[:, None] + np.arange(self.images)) % self._counts[:, None]
        return np.asarray(self._rows[shuffled[self._starts[:, None] + within]], np.int64)


def _hashes(seed: int, cycle: NDArray[np.int64], item: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A pseudo-random number for each item in each cycle (SplitMix64: Steele, Lea, Flood, OOPSLA 2014)."""
    step, first, second = (np.uint64(number) for number in _MIX)
    key = np.random.SeedSequence(seed).generate_state(2, np.uint64)
    mixed = (item.astype(np.uint64) + key[0]) * step + (cycle.astype(np.uint64) + key[1]) * second
    for shift, factor in ((30, first), (27, second)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), np.uint64)
