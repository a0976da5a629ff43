"""The people whom a server's search came up with: their exact distances, order and nearest samples."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, text

from facenet_app.comparison.distance import distance
from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.gallery.server_vectors import as_text

__all__ = ["Asked", "candidates"]

_REFERENCES: Final = text("""
SELECT v.identity_id, i.name, s.id, CAST(v.vector AS text) AS vector, CAST(c.vector AS text) AS centroid
FROM (
    SELECT number, identity_id, vector, far, min(far) OVER (PARTITION BY identity_id) AS least
    FROM (
        SELECT number, identity_id, vector, vector <-> CAST(:probe AS vector) AS far
        FROM sample_vectors WHERE identity_id = ANY(:people)
    ) AS measured
) AS v
JOIN samples s ON s.number = v.number
JOIN identities i ON i.id = v.identity_id
JOIN centroids c ON c.identity_id = v.identity_id
WHERE v.far <= v.least + :margin
""")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A search: the face, how many people, what stands for a person, and when."""

    embedding: Embedding
    k: int
    template: Template
    now: datetime

    @property
    def margin(self) -> float:
        """How much two distances up to 2 that the server sums in float32 can be wrong by together.

        A sum of n squares is wrong by at most a share of (n + 2) eps (Higham, Accuracy and Stability of
        Numerical Algorithms, 3.1), its root by half of that.
        """
        return 2 * (len(self.embedding.vector) + 8) * float(np.finfo(np.float32).eps)

    def parameters(self) -> dict[str, Any]:
        """For the statements of a search."""
        probe = as_text(self.embedding.vector)
        return {"probe": probe, "k": self.k, "margin": self.margin, "now": self.now}


def candidates(connection: Connection, asked: Asked, people: list[str]) -> list[Candidate]:
    """The ``k`` nearest of these people, by ascending distance, then by name, then by id.

    Distances are computed from the stored float32 numbers as in every other comparison; the sample is
    the nearest one, the lower id if two tie.
    """
    best: dict[str, tuple[float, str, Candidate]] = {}
    given = {**asked.parameters(), "people": people}
    for row in connection.execute(_REFERENCES, given):
        far = of_sample = _distance(asked, row.vector)
        if asked.template is Template.CENTROID:
            far = _distance(asked, row.centroid)
        this = (of_sample, row.id, Candidate(row.identity_id, row.name, row.id, far))
        if row.identity_id not in best or this[:2] < best[row.identity_id][:2]:
            best[row.identity_id] = this
    found = [candidate for _, _, candidate in best.values()]
    return sorted(found, key=lambda each: (each.distance, each.name, each.identity_id))[: asked.k]


def _distance(asked: Asked, vector: str) -> float:
    """From pgvector's text of a vector."""
    reference = np.array(vector[1:-1].split(","), np.float32)
    return distance(asked.embedding, Embedding(reference, asked.embedding.fingerprint))
