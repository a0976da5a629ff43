"""Triplets of a whole set, chosen with the model as it is at the beginning of an epoch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facenet_app.domain import Embedding, Template
from facenet_app.errors import UsageError
from facenet_app.gallery.index import SearchIndex
from facenet_app.training.miners.mined import Mined

__all__ = ["OfflineConfig", "OfflineMiner"]

_FINGERPRINT = "the model in training"


@dataclass(frozen=True, slots=True)
class OfflineConfig:
    """How a whole set is mined.

    Args:
        every: epochs until the set is embedded and searched again.
        candidates: so many nearest other people are looked at for each anchor.
        seed: with the epoch decides which positive an anchor gets.

    Raises:
        UsageError: ``every`` or ``candidates`` below 1.
    """

    every: int = 1
    candidates: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("every", "candidates"):
            if getattr(self, name) < 1:
                raise UsageError(f"the offline miner's {name} is {getattr(self, name)}", "give 1 or more")


class OfflineMiner:
    """One triplet for each image that has another of the same person.

    The positive is drawn. The negative is semi-hard among the nearest images of the ``candidates`` nearest
    other people: the nearest that is farther than the positive, or where none is, the farthest. They are
    found exactly, with the gallery's search.

    Args:
        labels: int (N,), the person of each image of the set.
        config: how to mine.

    Raises:
        UsageError: nobody has two images, or there is only one person.
    """

    def __init__(self, labels: NDArray[np.int64], config: OfflineConfig | None = None) -> None:
        self.config = config or OfflineConfig()
        self._labels = np.asarray(labels, np.int64)
        self._order = np.argsort(self._labels, kind="stable")
        people, self._first, counts = np.unique(
            self._labels[self._order], return_index=True, return_counts=True
        )
        if len(people) < 2 or counts.max() < 2:
            raise UsageError("the set has no triplet", "give two people, one of them with two images")
        self._person = np.searchsorted(people, self._labels)
        self._counts = counts
        self._mined: Mined | None = None
        self._epoch = -1

    def due(self, epoch: int) -> bool:
        """Whether the set is to be mined anew for this epoch, counted from 0."""
        return self._mined is None or epoch - epoch % self.config.every > self._epoch

    def triplets(self, epoch: int, embed: Callable[[], NDArray[np.float32]]) -> Mined:
        """The triplets for an epoch: indices of the set, on the CPU; distances are Euclidean.

        Args:
            epoch: from 0.
            embed: float32 (N, D) unit vectors of the set by the model as it is now; called if :meth:`due`.
        """
        if self._mined is None or self.due(epoch):
            self._mined = self._mine(embed(), epoch)
            self._epoch = epoch
        return self._mined

    def state_dict(self) -> dict[str, Tensor]:
        """What a checkpoint must keep: a resumed run goes on with the triplets of its last mining."""
        if self._mined is None:
            return {}
        mined = self._mined
        indices = {"anchor": mined.anchor, "positive": mined.positive, "negative": mined.negative}
        return {**indices, **mined.statistics, "epoch": torch.tensor(self._epoch)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        rest = dict(state)
        if not rest:
            return
        self._epoch = int(rest.pop("epoch"))
        self._mined = Mined(rest.pop("anchor"), rest.pop("positive"), rest.pop("negative"), rest)

    def _mine(self, vectors: NDArray[np.float32], epoch: int) -> Mined:
        anchors = np.flatnonzero(self._counts[self._person] > 1)
        positives = self._drawn(anchors, np.random.default_rng([self.config.seed, epoch]))
        difference = vectors[anchors].astype(np.float64) - vectors[positives]
        near = np.linalg.norm(difference, axis=1)
        people = [str(person) for person in self._person]
        rows = [str(row) for row in range(len(vectors))]
        index = SearchIndex.of(_FINGERPRINT, vectors, rows, people, people)
        found = [
            self._negative(index, vectors[anchor], people[anchor], limit)
            for anchor, limit in zip(anchors, near, strict=True)
        ]
        negatives, far = (np.array(column) for column in zip(*found, strict=True))
        statistics = {
            "triplets": torch.tensor(len(anchors)),
            "mean_ap": torch.tensor(near.mean()),
            "mean_an": torch.tensor(far.mean()),
            "semi_hard": torch.tensor((far > near).mean()),
            "hard": torch.tensor((far <= near).mean()),
        }
        anchor, positive, negative = map(torch.from_numpy, (anchors, positives, negatives))
        return Mined(anchor, positive, negative, statistics)

    def _drawn(self, anchors: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
        """For each anchor another image of the same person."""
        place = np.empty(len(self._order), np.intp)
        place[self._order] = np.arange(len(self._order))
        person = self._person[anchors]
        first, count = self._first[person], self._counts[person]
        step = random.integers(1, count)
        drawn: NDArray[np.intp] = self._order[first + (place[anchors] - first + step) % count]
        return drawn

    def _negative(
        self, index: SearchIndex, vector: NDArray[np.float32], person: str, limit: float
    ) -> tuple[int, float]:
        """Row and distance of the negative for a positive at distance ``limit``."""
        probe = Embedding(vector, _FINGERPRINT)
        nearest = index.search(probe, self.config.candidates + 1, Template.NEAREST)
        others = [candidate for candidate in nearest if candidate.identity_id != person]
        others = others[: self.config.candidates]
        chosen = next((candidate for candidate in others if candidate.distance > limit), others[-1])
        return int(chosen.sample_id), chosen.distance
