"""Searching on the PostgreSQL server: by comparing with everybody, or in a large gallery by HNSW.

A search is one statement, for all faces of a picture: the server's function ``nearest_people`` (migration
0008) names the people who may be the nearest, with their samples. Their distances and order are then
computed here from the same float32 numbers, as :class:`facenet_app.gallery.index.SearchIndex` does. What is
compared with everybody is exact. An HNSW index (Malkov and Yashunin, 2018) is used once
:mod:`facenet_app.gallery.server_index` measured that it finds the nearest person often enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, text

from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery import server_index
from facenet_app.gallery.server_ranking import candidates, margin
from facenet_app.gallery.server_vectors import as_text

__all__ = ["ServerIndex"]

Read = Callable[[Callable[[Connection], Sequence[Row[Any]]]], Sequence[Row[Any]]]
"""Makes one statement that reads, again if its connection was lost."""

SPARE: Final = 8
"""Rows fetched beyond the people asked for: several can be one person's, or of somebody who has expired."""

_TABLES: Final = {Template.CENTROID: "centroids", Template.NEAREST: "sample_vectors"}

_NEAREST: Final = """
SELECT asked.number, found.*
FROM unnest(CAST(%s AS text[]), CAST(%s AS text[])) WITH ORDINALITY AS asked (whose, probe, number),
    nearest_people(asked.whose, CAST(asked.probe AS vector), %s, %s, %s, %s, %s, %s, %s) AS found
"""

_COUNTS: Final = text("""
SELECT g.fingerprint, c.rows - e.people AS people, s.rows - e.samples AS samples
FROM gallery g, vector_searches c, vector_searches s, (
    SELECT count(DISTINCT identity_id) AS people, count(*) AS samples FROM sample_vectors
    WHERE identity_id = ANY(ARRAY(SELECT id FROM identities WHERE expires_at <= :now))
) AS e
WHERE c.name = 'centroids' AND s.name = 'sample_vectors'
""")


@dataclass(frozen=True)
class ServerIndex:
    """Everybody as the server knows them at each search; counts are as of the first time they are asked for.

    Args:
        read: of the database.
        recall: the least share of searches that must find the nearest person.
        now: whoever's consent has expired then is left out.
    """

    read: Read
    recall: float
    now: datetime

    @cached_property
    def _counts(self) -> Row[Any]:
        (row,) = self.read(lambda connection: connection.execute(_COUNTS, {"now": self.now}).all())
        return row

    @property
    def fingerprint(self) -> str:
        return str(self._counts.fingerprint)

    @property
    def people(self) -> int:
        return int(self._counts.people)

    @property
    def samples(self) -> int:
        return int(self._counts.samples)

    def search(self, embedding: Embedding, k: int, template: Template = Template.CENTROID) -> list[Candidate]:
        """See :meth:`facenet_app.gallery.searchable.Searchable.search`.

        Exact in small galleries; in large ones the nearest person is the first with a measured
        probability, and the distances of those found are always exact. Ties go by name, then id.

        Raises:
            ModelMismatch: the embedding was made by another model than the gallery's.
            GalleryError: the server cannot be reached.
        """
        (found,) = self.search_each([embedding], k, template)
        return found

    def search_each(
        self, embeddings: Sequence[Embedding], k: int, template: Template = Template.CENTROID
    ) -> list[list[Candidate]]:
        """See :meth:`facenet_app.gallery.searchable.Searchable.search_each`: one statement."""
        if not embeddings:
            return []
        given = (
            [each.fingerprint for each in embeddings],
            [as_text(each.vector) for each in embeddings],
            _TABLES[template],
            max(k, 1),
            SPARE,
            margin(max(len(each.vector) for each in embeddings)),
            self.recall,
            server_index.FEWEST_ROWS,
            self.now,
        )
        rows = self.read(lambda connection: connection.exec_driver_sql(_NEAREST, given).all())
        found: list[list[Row[Any]]] = [[] for _ in embeddings]
        for row in rows:
            asked = embeddings[row.number - 1]
            if row.held != asked.fingerprint:
                raise ModelMismatch(
                    f"the face was embedded by model {asked.fingerprint}, the gallery by {row.held}",
                    "run `facenet-app gallery reembed`",
                )
            found[row.number - 1].append(row)
        return [
            candidates(own, embedding, template)[: max(k, 0)]
            for own, embedding in zip(found, embeddings, strict=True)
        ]

    def near(
        self,
        faces: NDArray[np.float32],
        reach: float,  # noqa: ARG002 (the interface)
        template: Template = Template.CENTROID,  # noqa: ARG002
    ) -> NDArray[np.bool_]:
        """See :meth:`facenet_app.gallery.searchable.Searchable.near`: each has to be searched for."""
        return np.ones(len(faces), bool)
