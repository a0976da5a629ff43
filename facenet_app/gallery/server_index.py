"""The HNSW indexes of a large gallery on PostgreSQL: when they are built, and how far to look into them.

A search looks at as many of its rows as were measured, on this very gallery, to hold the nearest often
enough. Where that was not measured, or no number was enough, no index is used: then the probe is compared
with everybody, which is slower and never wrong. Indexes hold the rows of one
fingerprint alone, so that a re-embedding never has to wait for one. They hold them in half precision, two
thirds of the size: whoever is found is compared exactly anyway.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, String, bindparam, select, text

from facenet_app.gallery.indexed_query import IndexedQuery
from facenet_app.gallery.recall import Recalls, measure_recalls
from facenet_app.gallery.schema import gallery
from facenet_app.gallery.server_wipe import hold_wipes_up, wipe_rows

__all__ = ["IndexKeeper", "Measured"]

log = logging.getLogger(__name__)

SOON: Final = 3
"""Seconds after which somebody who waits is told."""

FEWEST_ROWS: Final = 10_000
"""Rows of a table below which comparing with all of them is quick enough."""

MOST_DIMENSIONS: Final = 4000
"""Of a vector in half precision that pgvector can index."""

_GROWTH: Final = 2
"""It is measured again when the table has this many times the rows of the last time."""

_LOCK: Final = 0x6873_6E77
"""Number of the lock of whoever builds ("hnsw")."""

_NEIGHBORS: Final = 32
_CANDIDATES: Final = 200
"""``m`` and ``ef_construction``. Faces are spread over a hundred directions: with m 16, a search has to look
at several times as many rows, see docs/scaling.md."""

_BYTES_A_ROW: Final = 1100
"""Of an index under construction, beside the vector."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one table of vectors: its rows, and how often its index finds the nearest."""

    table: str
    held: str
    """Fingerprint of the gallery."""
    rows: int
    fingerprint: str | None
    """Whose vectors the index holds; None if there is none."""
    rows_then: int
    """Rows when the recalls were measured."""
    recalls: Recalls = field(default_factory=Recalls)

    @classmethod
    def all_of(cls, connection: Connection) -> dict[str, Self]:
        """Both tables of vectors by name."""
        return {row.name: cls._from(row._mapping) for row in connection.execute(_SEARCHES)}

    @classmethod
    def _from(cls, row: Mapping[Any, Any]) -> Self:
        recalls = Recalls.from_dict(row["recalls"]) if row["recalls"] else Recalls()
        then = row["rows_then"] or 0
        return cls(row["name"], row["held"], row["rows"], row["fingerprint"], then, recalls)

    def is_due(self, recall: float) -> bool:
        """Whether there is an index to build, or a recall to measure."""
        if self.rows < FEWEST_ROWS or recall >= 1:
            return False
        return self.held != self.fingerprint or self.rows >= _GROWTH * self.rows_then


_SEARCHES: Final = text(
    "SELECT s.name, g.fingerprint AS held, s.rows, s.fingerprint, s.rows_then, s.recalls "
    "FROM vector_searches s, gallery g"
)

_UNWIPED: Final = select(gallery.c.unwiped_revision)

_NOTE: Final = text(
    "UPDATE vector_searches SET fingerprint = :whose, rows_then = :rows, recalls = CAST(:recalls AS json) "
    "WHERE name = :table"
)


class IndexKeeper:
    """Builds the indexes that are missing and measures what is not known, in a thread of its own.

    Neither readers nor writers wait for it; it takes some seconds for 10,000 people and minutes for more.
    A process that ends meanwhile leaves the server building, and what is not done then to the next writer.

    Args:
        engine: of the database.
        recall: the least share of searches that must find the nearest person.
    """

    def __init__(self, engine: Engine, recall: float) -> None:
        self._engine = engine
        self._recall = recall
        self._thread: threading.Thread | None = None
        self._due = False
        self._lock = threading.Lock()

    def look(self) -> None:
        """Begin if there is something to do; if this process is at it, it looks again when it is done."""
        with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            if not any(each.is_due(self._recall) for each in Measured.all_of(connection).values()):
                return
        with self._lock:
            self._due = True
            if self._thread is None:
                thread = threading.Thread(target=self._tend, name="indexes", daemon=True)
                thread.start()
                self._thread = thread

    def wait(self) -> None:
        """Until what was begun is done; a warning in the log says so if that takes long."""
        with self._lock:
            thread = self._thread
        if thread is None:
            return
        thread.join(SOON)
        if thread.is_alive():
            log.warning(
                "the server is still building what finds people quickly, which can take minutes; "
                "interrupted, it goes on alone, and the next change of the gallery does the rest"
            )
            thread.join()

    def _tend(self) -> None:
        while self._take():
            try:
                _tend_all(self._engine, self._recall)
            except Exception as error:  # noqa: BLE001 (searches work without; check() says that they are slow)
                log.warning("indexes were not built (%s)", type(error).__name__)

    def _take(self) -> bool:
        """Whether there is something to do; if not, the thread ends."""
        with self._lock:
            due, self._due = self._due, False
            if not due:
                self._thread = None
            return due


def _tend_all(engine: Engine, recall: float) -> None:
    """Do what is due, unless somebody else is at it."""
    one_state = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}).scalar_one():
            return
        try:
            # It waits for a wipe, and for every transaction that is under way.
            connection.execute(text("SET lock_timeout = 0"))
            hold_wipes_up(connection)
            for each in Measured.all_of(connection).values():
                if each.is_due(recall):
                    _tend(connection, each, one_state)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
            for name in ("lock_timeout", "maintenance_work_mem"):  # somebody else has the connection next
                connection.execute(text(f"RESET {name}"))
        if connection.execute(_UNWIPED).scalar_one() is not None:
            wipe_rows(connection)


def _tend(connection: Connection, known: Measured, one_state: Engine) -> None:
    table, fingerprint = known.table, known.held
    size = f"SELECT vector_dims(vector) FROM {table} WHERE fingerprint = :whose LIMIT 1"  # noqa: S608 (constants)
    dimension = connection.execute(text(size), {"whose": fingerprint}).scalar()
    if dimension is None or dimension > MOST_DIMENSIONS:
        return
    query = IndexedQuery(table, fingerprint, dimension)
    _build(connection, known.rows, query)
    with one_state.begin() as reading:
        recalls = measure_recalls(reading, query)
    said = json.dumps(recalls.to_dict())
    given = {"whose": fingerprint, "rows": known.rows, "recalls": said, "table": table}
    connection.execute(_NOTE, given)


def _build(connection: Connection, rows: int, query: IndexedQuery) -> None:
    """Build the query's index unless it is there, and drop those of other fingerprints."""
    table = query.table
    name = f"hnsw_{table}_{hashlib.sha256(query.fingerprint.encode()).hexdigest()[:12]}"
    there = text(
        "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = CAST(:table AS regclass) AND c.relname LIKE 'hnsw%'"
    )
    found = {row.relname: row.indisvalid for row in connection.execute(there, {"table": table})}
    for other, valid in found.items():
        if other != name or not valid:  # not valid: whoever built it was interrupted
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {other}"))
    if found.get(name):
        return
    megabytes = 64 + rows * (4 * query.dimension + _BYTES_A_ROW) // 2**20
    connection.execute(text(f"SET maintenance_work_mem = '{megabytes}MB'"))
    vector = f"(CAST(vector AS halfvec({query.dimension}))) halfvec_l2_ops"
    build = f"CREATE INDEX CONCURRENTLY {name} ON {table} USING hnsw ({vector})"
    options = f"WITH (m = {_NEIGHBORS}, ef_construction = {_CANDIDATES}) WHERE fingerprint = :whose"
    literal = bindparam("whose", query.fingerprint, String, literal_execute=True)
    connection.execute(text(f"{build} {options}").bindparams(literal))
