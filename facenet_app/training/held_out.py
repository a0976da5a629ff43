"""People who are never learned from: choosing them, embedding them, and measuring a model on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app.dataset.labelled import LabelledImages, Subset, subset
from facenet_app.errors import UsageError
from facenet_app.evaluation.allpairs import all_pairs

__all__ = ["RATES", "Measurement", "check_enough", "measure", "split"]

RATES = (1e-2, 1e-3, 1e-4, 1e-5)
"""False match rates at which the TAR is told, if there are pairs enough."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """All pairs of the held-out people, counted.

    ``tar`` is by target FMR; ``weighted`` the same with each person's mated pairs counting alike, so that
    somebody with many pictures does not decide.
    """

    tar: dict[float, float]
    weighted: dict[float, float]
    mated_pairs: int
    non_mated_pairs: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "tar": {f"{rate:g}": value for rate, value in self.tar.items()},
            "tar_by_person": {f"{rate:g}": value for rate, value in self.weighted.items()},
            "mated_pairs": self.mated_pairs,
            "non_mated_pairs": self.non_mated_pairs,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Measurement":
        """The counterpart of :meth:`to_dict`."""
        tar, weighted = (
            {float(rate): float(value) for rate, value in data[name].items()}
            for name in ("tar", "tar_by_person")
        )
        return cls(tar, weighted, int(data["mated_pairs"]), int(data["non_mated_pairs"]))


def split(images: LabelledImages, share: float, seed: int) -> tuple[LabelledImages, Subset | None]:
    """The images to learn from and the held-out ones, without a common person.

    Of people with two images or more, and of those with one, the same share is held out: the second
    kind has non-mated pairs to give.

    Args:
        images: to be split.
        share: of the people, 0 … 1; 0 holds out nobody.
        seed: who is held out.

    Raises:
        UsageError: nobody, or everybody, with two images would be held out.
    """
    if share == 0:
        return images, None
    counts = np.bincount(images.labels, minlength=len(images.people))
    random = np.random.default_rng((seed, len(counts)))
    chosen = np.zeros(counts.size, np.bool_)
    for group in (np.flatnonzero(counts >= 2), np.flatnonzero(counts == 1)):
        chosen[random.permutation(group)[: ceil(share * group.size)]] = True
    if not 2 <= chosen[counts >= 2].sum() < (counts >= 2).sum():
        raise UsageError(
            f"of {(counts >= 2).sum()} people with two images or more a share of {share:g} cannot be kept",
            "change held_out.share, or set it to 0 to hold out nobody",
        )
    held_out = chosen[images.labels]
    return subset(images, np.flatnonzero(~held_out)), subset(images, np.flatnonzero(held_out))


def check_enough(images: LabelledImages, fmr: float) -> None:
    """Nothing, if the pairs of these people can tell this false match rate.

    Raises:
        UsageError: they cannot.
    """
    counts = np.bincount(images.labels).astype(np.int64)
    mated = int((counts * (counts - 1) // 2).sum())
    non_mated = len(images) * (len(images) - 1) // 2 - mated
    if mated == 0 or not _told(fmr, non_mated):
        raise UsageError(
            f"the held-out people give {mated:,} mated and {non_mated:,} non-mated pairs, too few to tell a "
            f"false match rate of {fmr:g}",
            "hold out more people, or choose a higher rate with held_out.fmr",
        )


def measure(vectors: NDArray[np.float32], labels: NDArray[np.int64], fmr: float) -> Measurement:
    """TAR at FMR over all pairs.

    Args:
        vectors: float32 (N, D) unit vectors.
        labels: int (N,).
        fmr: told in any case, beside those of ``RATES`` that the pairs support.

    Raises:
        UsageError: too few pairs for it.
    """
    counted = all_pairs(vectors, labels, max_fmr=max(fmr, RATES[0]))
    pairs = counted.distances()
    told = (rate for rate in RATES if _told(rate, pairs.non_mated_pairs))
    rates = sorted({fmr, *told}, reverse=True)
    thresholds = {rate: pairs.threshold_at(rate) for rate in rates}
    subjects = counted.subjects
    own = np.bincount(subjects.mated_person, minlength=subjects.people)
    weights = 1 / own[subjects.mated_person] / np.count_nonzero(own)
    return Measurement(
        tar={rate: 1 - pairs.fnmr(threshold) for rate, threshold in thresholds.items()},
        weighted={
            rate: float(weights[subjects.mated <= threshold].sum()) for rate, threshold in thresholds.items()
        },
        mated_pairs=pairs.mated.size,
        non_mated_pairs=pairs.non_mated_pairs,
    )


def _told(rate: float, non_mated_pairs: int) -> bool:
    """Whether so many pairs can tell this rate from 0."""
    return rate * non_mated_pairs >= 1 - 1e-9
