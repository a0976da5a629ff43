"""The one place where distances between embeddings are computed.

Everywhere in the product *distance* is the plain Euclidean distance between L2-normalised
embeddings: 0 (the same point) … 2 (opposite points). FaceNet (Schroff et al., CVPR 2015) states
its thresholds on the *squared* distance; :func:`from_squared` converts.
"""

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Embedding
from facenet_app.errors import ModelMismatch

__all__ = ["ROUNDING", "centroids", "distance", "distances", "from_squared"]

ROUNDING = 1e-3
"""More than float32 loses in :func:`distances`."""
NO_DIRECTION = 1e-6
"""Length of a sum of unit vectors that is nothing but rounding."""


def distance(probe: Embedding, reference: Embedding) -> float:
    """Euclidean distance of two embeddings of the same model, 0 … 2.

    Raises:
        ModelMismatch: the embeddings were made by different weights or preprocessing.
    """
    if probe.fingerprint != reference.fingerprint:
        raise ModelMismatch(
            f"an embedding of model {probe.fingerprint} cannot be compared with "
            f"one of {reference.fingerprint}",
            "embed both faces with the same model",
        )
    # The difference is taken before squaring: exact zero for equal points, no cancellation near it.
    return float(np.linalg.norm(probe.vector.astype(np.float64) - reference.vector.astype(np.float64)))


def distances(probes: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float32]:
    """All distances between unit vectors: (P, D) and (R, D) give float32 (P, R), each 0 … 2.

    Uses ``|a - b|² = 2 - 2ab``, one matrix product. In float32 that is exact to about 5e-4 near
    0 and to 1e-6 from 0.5 up, where thresholds are; :func:`distance` has no such error.
    """
    squared: NDArray[np.float32] = np.float32(2) - np.float32(2) * (probes @ references.T)
    np.clip(squared, 0, 4, out=squared)
    np.sqrt(squared, out=squared)
    return squared


def from_squared(squared: float) -> float:
    """The plain distance of a squared one (FaceNet's margins and thresholds)."""
    return float(np.sqrt(squared))


def centroids(vectors: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    """The normalized mean of each group of unit vectors: float32 (groups, D), summed in float64.

    The vectors of a group of one, and the first of a group without a mean direction (opposite
    vectors), are taken as they are.

    Args:
        vectors: float32 (N, D), those of a group together.
        starts: the first row of each group, ascending from 0.
    """
    if len(starts) == len(vectors):
        return vectors
    sums = np.add.reduceat(vectors, starts, axis=0, dtype=np.float64)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    sizes = np.diff(starts, append=len(vectors))
    directed = (lengths[:, 0] > NO_DIRECTION) & (sizes > 1)
    means: NDArray[np.float32] = np.where(
        directed[:, np.newaxis], sums / np.maximum(lengths, NO_DIRECTION), vectors[starts]
    ).astype(np.float32)
    return means
