"""The vectors that PostgreSQL searches, in tables of their own beside ``samples``.

``sample_vectors`` has one row a sample of the gallery's model, ``centroids`` one a person: the
normalized mean as :func:`facenet_app.comparison.distance.centroids` computes it. Writers keep both in
step, in the transaction of their change, by the change log: no writer needs to think of them. The
rows are small, without names and crops, so that comparing with everybody reads no more than it must.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, select, text

from facenet_app.comparison.distance import centroids
from facenet_app.domain import Finding
from facenet_app.gallery.changelog import ChangeKind
from facenet_app.gallery.rows import vector_from_bytes
from facenet_app.gallery.schema import changes, gallery, samples

__all__ = ["as_text", "follow_changes", "vector_faults", "vectors_sent"]

BATCH: Final = 2000
"""Samples read at a time when everything is computed anew."""

# One statement for many rows: the tables' triggers count once a statement.
_INSERT_SAMPLES: Final = text(
    "INSERT INTO sample_vectors (number, identity_id, fingerprint, vector) "
    "SELECT number, owner, :fingerprint, CAST(vector AS vector) "
    "FROM unnest(CAST(:numbers AS integer[]), CAST(:owners AS text[]), CAST(:vectors AS text[])) "
    "AS new (number, owner, vector)"
)
_INSERT_CENTROIDS: Final = text(
    "INSERT INTO centroids (identity_id, fingerprint, vector) "
    "SELECT owner, :fingerprint, CAST(vector AS vector) "
    "FROM unnest(CAST(:owners AS text[]), CAST(:vectors AS text[])) AS new (owner, vector) "
    "ON CONFLICT (identity_id) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, vector = EXCLUDED.vector"
)
_DELETE_CENTROIDS: Final = text("DELETE FROM centroids WHERE identity_id = ANY(:owners)")
# One row at least, so that one statement tells whether all is to be made anew, too.
_CHANGED: Final = (
    select(
        (gallery.c.changes_since == gallery.c.revision).label("all_anew"),
        changes.c.kind,
        changes.c.identity_id,
        changes.c.sample_number,
    )
    .select_from(gallery)
    .outerjoin(changes, changes.c.revision == gallery.c.revision)
)
_MOVE: Final = text(
    "UPDATE sample_vectors v SET identity_id = s.identity_id FROM samples s "
    "WHERE s.number = v.number AND v.number = ANY(:moved)"
)
_OUT_OF_STEP: Final = text(
    "SELECT count(*) FROM samples s FULL JOIN sample_vectors v ON v.number = s.number, gallery g "
    "WHERE CASE WHEN s.fingerprint = g.fingerprint "
    "THEN v.number IS NULL OR (v.identity_id, v.fingerprint) <> (s.identity_id, s.fingerprint) "
    "ELSE v.number IS NOT NULL END"
)
_WITHOUT_CENTROID: Final = text(
    "SELECT count(*) FROM (SELECT DISTINCT identity_id FROM sample_vectors) v "
    "FULL JOIN centroids c ON c.identity_id = v.identity_id "
    "WHERE c.identity_id IS NULL OR v.identity_id IS NULL"
)


def as_text(vector: NDArray[np.float32]) -> str:
    """A vector as pgvector reads it; nine digits bring every float32 back bit for bit."""
    return f"[{','.join(['%.9g'] * len(vector)) % tuple(vector.tolist())}]"


def vectors_sent(sent: Sequence[bytes]) -> NDArray[np.float32]:
    """Vectors, one or more, from ``vector_send``: two int16 (dimension, 0), then big-endian float32."""
    whole = np.frombuffer(b"".join(sent), ">f4").reshape(len(sent), -1)
    return whole[:, 1:].astype(np.float32)


def follow_changes(connection: Connection) -> None:
    """Bring the vectors in step with what the transaction's revision did to the samples.

    Raises:
        ValueError: an embedding cannot be read.
    """
    rows = connection.execute(_CHANGED).all()
    if any(row.all_anew for row in rows):  # everything changed at once
        _make_anew(connection)
        return
    added = {row.sample_number for row in rows if row.kind == ChangeKind.SAMPLE_ADDED}
    moved = [row.sample_number for row in rows if row.kind == ChangeKind.SAMPLE_MOVED]
    owners = {row.identity_id for row in rows if row.sample_number is not None and row.identity_id}
    if moved:
        connection.execute(_MOVE, {"moved": moved})
    if owners:
        theirs = connection.execute(_usable().where(samples.c.identity_id.in_(owners))).all()
        _insert_samples(connection, [row for row in theirs if row.number in added])
        _insert_centroids(connection, theirs)
        if lost := owners - {row.identity_id for row in theirs}:
            connection.execute(_DELETE_CENTROIDS, {"owners": list(lost)})


def _make_anew(connection: Connection) -> None:
    connection.execute(text("DELETE FROM sample_vectors"))
    connection.execute(text("DELETE FROM centroids"))
    with connection.execute(_usable().execution_options(yield_per=BATCH)) as rows:
        for batch in _whole_people(rows):
            _insert_samples(connection, batch)
            _insert_centroids(connection, batch)


def _usable() -> Select[Any]:
    """The samples of the gallery's model, those of a person together in order of enrollment."""
    columns = (samples.c.number, samples.c.identity_id, samples.c.embedding, samples.c.dimension)
    return (
        select(*columns, samples.c.fingerprint)
        .join(gallery, gallery.c.fingerprint == samples.c.fingerprint)
        .order_by(samples.c.identity_id, samples.c.number)
    )


def _whole_people(rows: Iterable[Row[Any]]) -> Iterator[list[Row[Any]]]:
    """The rows in lists of at least ``BATCH``, the last one apart, that part no person's rows."""
    batch: list[Row[Any]] = []
    for _, own in groupby(rows, attrgetter("identity_id")):
        batch.extend(own)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _insert_samples(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Rows of :func:`_usable`, so all of one fingerprint."""
    if rows:
        new = {
            "fingerprint": rows[0].fingerprint,
            "numbers": [row.number for row in rows],
            "owners": [row.identity_id for row in rows],
            "vectors": [as_text(vector_from_bytes(row.embedding, row.dimension)) for row in rows],
        }
        connection.execute(_INSERT_SAMPLES, new)


def _insert_centroids(connection: Connection, rows: Iterable[Row[Any]]) -> None:
    people: list[str] = []
    starts: list[int] = []
    vectors: list[NDArray[np.float32]] = []
    fingerprint = ""
    for row in rows:
        if not people or people[-1] != row.identity_id:
            people.append(row.identity_id)
            starts.append(len(vectors))
        vectors.append(vector_from_bytes(row.embedding, row.dimension))
        fingerprint = row.fingerprint
    if people:
        means = centroids(np.array(vectors), np.array(starts))
        new = {"fingerprint": fingerprint, "owners": people, "vectors": [as_text(mean) for mean in means]}
        connection.execute(_INSERT_CENTROIDS, new)


def vector_faults(connection: Connection) -> Iterator[Finding]:
    """Code ``search_out_of_step`` if searches would not find what the samples say."""
    wrong = sum(connection.execute(query).scalar_one() for query in (_OUT_OF_STEP, _WITHOUT_CENTROID))
    if wrong:
        yield Finding(
            "search_out_of_step",
            f"{wrong} samples or people are not as the server's search knows them",
            "run `facenet-app gallery reembed`",
        )
