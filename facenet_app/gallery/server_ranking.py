"""The people whom a server's search came up with: their exact distances, order and nearest samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row

from facenet_app.comparison.distance import distance
from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.gallery.server_vectors import vectors_sent

__all__ = ["candidates", "margin"]


def margin(dimension: int) -> float:
    """How much two distances up to 2 that the server sums in float32 can be wrong by together.

    A sum of n squares is wrong by at most a share of (n + 2) eps (Higham, Accuracy and Stability of
    Numerical Algorithms, 3.1), its root by half of that.
    """
    return 2 * (dimension + 8) * float(np.finfo(np.float32).eps)


def candidates(rows: Sequence[Row[Any]], embedding: Embedding, template: Template) -> list[Candidate]:
    """The people of rows of ``nearest_people``, by ascending distance, then by name, then by id.

    Distances are computed from the stored float32 numbers as in every other comparison; the sample is
    the nearest one, the lower id if two tie.
    """
    best: dict[str, tuple[float, str, Candidate]] = {}
    for row in rows:
        far = of_sample = _distance(embedding, row.sample)
        if template is Template.CENTROID:
            far = _distance(embedding, row.centroid)
        this = (of_sample, row.sample_id, Candidate(row.identity_id, row.name, row.sample_id, far))
        if row.identity_id not in best or this[:2] < best[row.identity_id][:2]:
            best[row.identity_id] = this
    found = [candidate for _, _, candidate in best.values()]
    return sorted(found, key=lambda each: (each.distance, each.name, each.identity_id))


def _distance(embedding: Embedding, sent: bytes) -> float:
    (vector,) = vectors_sent([sent])
    return distance(embedding, Embedding(vector, embedding.fingerprint))
