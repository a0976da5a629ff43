"""How far a probe is from a person of whom there are several samples."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids, distances

__all__ = ["Strategy", "person_distances"]


class Strategy(StrEnum):
    """What stands for a person of several samples; the first is what searches in a gallery go by."""

    CENTROID = "centroid"
    """The normalized mean of the samples' vectors, one vector a person."""
    MINIMUM = "minimum"
    """The nearest sample: needs nothing but a search among all samples."""
    MEAN_NEAREST = "mean of nearest"
    """The mean distance of the nearest few samples."""


def person_distances(
    probes: NDArray[np.float32],
    samples: NDArray[np.float32],
    person: NDArray[np.integer],
    strategy: Strategy,
    nearest: int = 2,
) -> NDArray[np.float32]:
    """The distance of each probe to each person: float32 (Q, people).

    Args:
        probes: float32 (Q, D), unit vectors.
        samples: float32 (S, D), unit vectors.
        person: int (S,), ascending from 0 without gaps, whose samples they are.
        strategy: what stands for a person.
        nearest: how many samples :attr:`Strategy.MEAN_NEAREST` takes, or all if there are fewer.
    """
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    if strategy is Strategy.CENTROID:
        return distances(probes, centroids(samples, starts))
    every = distances(probes, samples)
    if strategy is Strategy.MINIMUM or nearest == 1:
        return np.minimum.reduceat(every, starts, axis=1)
    result = np.empty((len(probes), starts.size), np.float32)
    for column, own in enumerate(np.split(every, starts[1:], axis=1)):
        few = np.partition(own, nearest - 1, axis=1)[:, :nearest] if own.shape[1] > nearest else own
        result[:, column] = few.mean(axis=1)
    return result
