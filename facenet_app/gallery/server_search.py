"""Searching on the PostgreSQL server: by comparing with everybody, or in a large gallery by HNSW.

The server names people who may be the nearest; their distances, order and samples are then computed
here from the same float32 numbers, as :class:`facenet_app.gallery.index.SearchIndex` does. What is
compared with everybody is exact. An HNSW index (Malkov and Yashunin, 2018) is used once
:mod:`facenet_app.gallery.server_index` measured that it finds the nearest person often enough.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from sqlalchemy import Connection, select, text

from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery.indexed_query import IndexedQuery
from facenet_app.gallery.schema import gallery
from facenet_app.gallery.server_index import Measured
from facenet_app.gallery.server_ranking import Asked, candidates

__all__ = ["ServerIndex"]

Read = Callable[[Callable[[Connection], list[Candidate]]], list[Candidate]]
"""Runs a function in a transaction that reads."""

SPARE: Final = 8
"""People fetched beyond those asked for, because the server's float32 sums may order near ones otherwise."""

_TABLES: Final = {Template.CENTROID: "centroids", Template.NEAREST: "sample_vectors"}

_EXPIRED: Final = "SELECT id FROM identities WHERE expires_at <= :now"

_EXACT: Final = {
    table: text(f"""
WITH near AS MATERIALIZED (
    SELECT identity_id, min(vector <-> CAST(:probe AS vector)) AS far
    FROM {table} WHERE NOT identity_id = ANY(ARRAY({_EXPIRED})) GROUP BY identity_id
)
SELECT identity_id FROM near
WHERE far <= coalesce((SELECT far FROM near ORDER BY far OFFSET :k - 1 LIMIT 1), 'infinity') + :margin
""")  # noqa: S608 (constants)
    for table in _TABLES.values()
}

_GONE: Final = text(f"{_EXPIRED} AND id = ANY(:people)")

_COUNT_EXPIRED: Final = text(f"""
SELECT count(DISTINCT identity_id) AS people, count(*) AS samples
FROM sample_vectors WHERE identity_id = ANY(ARRAY({_EXPIRED}))
""")  # noqa: S608 (constant)


@dataclass(frozen=True, slots=True)
class ServerIndex:
    """Everybody as the server knows them; counts are those of the moment it was made.

    ``recall`` is the least share of searches that must find the nearest person; ``measured`` says for
    each table what its index gives, if it has one.
    """

    fingerprint: str
    people: int
    samples: int
    recall: float
    now: datetime
    measured: dict[str, Measured]
    read: Read

    @classmethod
    def look(cls, connection: Connection, read: Read, recall: float, now: datetime) -> Self:
        """The server's search at the state that a transaction sees."""
        fingerprint = connection.execute(select(gallery.c.fingerprint)).scalar_one()
        measured = Measured.all_of(connection)
        expired = connection.execute(_COUNT_EXPIRED, {"now": now}).one()
        people = measured["centroids"].rows - expired.people
        samples = measured["sample_vectors"].rows - expired.samples
        return cls(fingerprint, people, samples, recall, now, measured, read)

    def search(self, embedding: Embedding, k: int, template: Template = Template.CENTROID) -> list[Candidate]:
        """See :meth:`facenet_app.gallery.searchable.Searchable.search`.

        Exact in small galleries; in large ones the nearest person is the first with a measured
        probability, and the distances of those found are always exact. Ties go by name, then id.

        Raises:
            ModelMismatch: the embedding was made by another model than the gallery's.
            GalleryError: the server cannot be reached.
        """
        self._refuse_other(embedding, self.fingerprint)
        if k < 1 or not self.people:
            return []
        asked = Asked(embedding, k, template, self.now)

        def look(connection: Connection) -> list[Candidate]:
            # Another program may have bound the gallery to another model since this object was made.
            self._refuse_other(embedding, connection.execute(select(gallery.c.fingerprint)).scalar_one())
            return candidates(connection, asked, self._near(connection, asked))

        return self.read(look)

    @staticmethod
    def _refuse_other(embedding: Embedding, fingerprint: str) -> None:
        if embedding.fingerprint != fingerprint:
            raise ModelMismatch(
                f"the face was embedded by model {embedding.fingerprint}, the gallery by {fingerprint}",
                "run `facenet-app gallery reembed`",
            )

    def _near(self, connection: Connection, asked: Asked) -> list[str]:
        """Ids of people among whom the nearest are."""
        table = _TABLES[asked.template]
        effort = self.measured[table].effort(self.fingerprint, self.recall)
        if effort is None:
            return list(connection.execute(_EXACT[table], asked.parameters()).scalars())
        query = IndexedQuery(table, self.fingerprint, len(asked.embedding.vector))
        query.prepare(connection, max(effort, asked.k + SPARE))
        return _by_index(connection, query, asked)


def _by_index(connection: Connection, query: IndexedQuery, asked: Asked) -> list[str]:
    """At least ``k`` people, if there are so many, in the order in which the index gives them."""
    rows = asked.k + SPARE
    while True:
        found = query.owners(connection, asked.embedding.vector, rows)
        gone = set(connection.execute(_GONE, {"now": asked.now, "people": found}).scalars())
        people = [person for person in dict.fromkeys(found) if person not in gone]  # several rows a person
        if len(people) >= asked.k or len(found) < rows:
            return people
        rows *= 2
