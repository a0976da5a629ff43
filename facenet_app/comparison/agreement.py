"""Which embeddings are near each other: those said to be of one person, or of different ones."""

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import ROUNDING, centroids, distances

__all__ = ["agreeing", "any_within", "nearest"]


def agreeing(new: NDArray[np.float32], own: NDArray[np.float32], reach: float) -> NDArray[np.bool_]:
    """Which of the new embeddings belong together with the person's own: (N,) bool.

    Two are linked if their distance is at most ``reach``, and whatever a chain of links joins
    belongs together: pictures from many years need not each be like the first. With no own ones,
    the new ones that belong to the largest group are it, the one of the earliest picture on a tie.
    The order of the pictures matters for ties alone.

    Args:
        new: float32 (N, D), unit vectors.
        own: float32 (M, D), those of the person's samples; M may be 0.
        reach: the largest distance of a link, 0 … 2.
    """
    linked = distances(new, new) <= reach
    if len(own):
        return _joined(linked, np.asarray((distances(new, own) <= reach).any(axis=1)))
    best = np.zeros(len(new), np.bool_)
    left = np.ones(len(new), np.bool_)
    while left.any():
        start = np.zeros(len(new), np.bool_)
        start[np.flatnonzero(left)[0]] = True
        group = _joined(linked, start)
        left &= ~group
        if group.sum() > best.sum():
            best = group
    return best


def nearest(new: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float32]:
    """The distance of each new embedding (N, D) from the nearest of ``own`` (M, D): float32 (N,);
    infinite if there are none.
    """
    if not len(own):
        return np.full(len(new), np.inf, np.float32)
    least: NDArray[np.float32] = distances(new, own).min(axis=1)
    return least


def any_within(
    faces: NDArray[np.float32], vectors: NDArray[np.float32], starts: NDArray[np.intp], reach: float
) -> bool:
    """Whether one of the faces (N, D) may be within ``reach`` of anybody: of a sample or of a centroid.

    Args:
        faces: float32, unit vectors; N may be 0.
        vectors: float32 (M, D), people's samples, those of a person together; M is 1 or more.
        starts: the first row of each person, ascending from 0.
        reach: a distance, 0 … 2. What rounding leaves in doubt is within it.
    """
    if not len(faces):
        return False
    everybody = np.concatenate([vectors, centroids(vectors, starts)])
    return bool(distances(faces, everybody).min() <= reach + ROUNDING)


def _joined(linked: NDArray[np.bool_], start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Everything that a chain of links joins to ``start``."""
    reached = start
    while True:
        wider = reached | linked[reached].any(axis=0)
        if np.array_equal(wider, reached):
            return reached
        reached = wider
