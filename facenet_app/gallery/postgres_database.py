"""A gallery on a PostgreSQL server with pgvector: for several programs on several machines.

Writers wait for each other in a queue, readers read one snapshot. A transaction
that the server undid (a lost connection, a deadlock) is made again, and a connection lost while
committing is looked into (:mod:`facenet_app.gallery.server_outcome`).
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Connection,
    Row,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from facenet_app.domain import Finding, ServerUrl, ServerUse
from facenet_app.errors import GalleryError
from facenet_app.gallery.database import Database
from facenet_app.gallery.faults import gallery_errors
from facenet_app.gallery.schema import gallery
from facenet_app.gallery.server_engine import server_engine
from facenet_app.gallery.server_faults import is_conflict, is_lost
from facenet_app.gallery.server_index import IndexKeeper, Measured
from facenet_app.gallery.server_outcome import end_backend, was_committed
from facenet_app.gallery.server_search import ServerIndex
from facenet_app.gallery.server_vectors import follow_changes, vector_faults
from facenet_app.gallery.server_wipe import wipe_rows

__all__ = ["PostgresDatabase"]

Result = TypeVar("Result")

PATIENCE: Final = 10
"""Seconds to wait for a connection, and for a lost server to come back at a commit."""

ATTEMPTS: Final = 5
"""How often a transaction is made that the server keeps undoing."""

_FIRST_PAUSE: Final = 0.05
"""Seconds before the second attempt; doubled for each further one."""

_TABLES_LOCK: Final = 0x6661_6365
"""Number of the lock under which tables are made ("face")."""

_TURN_LOCK: Final = 0x7475_726E
"""Number of the lock of whoever writes ("turn")."""

# Where all wait for one row, whoever comes while it changes hands can be faster than those who wait for long;
# a lock is given in the order in which it was asked for.
_BEGIN_WRITE: Final = text("""
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lock))
UPDATE gallery SET revision = revision + 1 FROM turn
RETURNING revision, fingerprint, CAST(pg_current_xact_id() AS text) AS number, pg_backend_pid() AS backend
""")

_HEAD: Final = select(gallery.c.audit_head)


class PostgresDatabase(Database):
    """Transactions on one gallery in a database of a server.

    Args:
        url: of the database, which must exist; the tables are made in it.
        use: what may differ from program to program.
    """

    traces = "the free space of the server's files"

    def __init__(self, url: ServerUrl, use: ServerUse) -> None:
        engine = server_engine(url, PATIENCE, use.patience)
        reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        super().__init__(url, reader, engine)
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._use = use
        self._indexes = IndexKeeper(engine, use.recall)

    def close(self, *, wait: bool = True) -> None:
        """See :meth:`Database.close`; ``wait`` until the indexes for searching are built."""
        if wait:
            self._indexes.wait()
        super().close()

    @classmethod
    def has_tables(cls, url: ServerUrl) -> bool:
        """Whether there is any table in the database.

        Raises:
            GalleryError: it cannot be reached.
        """
        database = cls(url, ServerUse())
        try:
            return database.read(lambda connection: bool(inspect(connection).get_table_names()))
        finally:
            database.close()

    def read(self, look: Callable[[Connection], Result]) -> Result:
        """See :meth:`Database.read`; a lost connection is made anew."""

        def once() -> Result:
            with self._open().begin() as connection:
                return look(connection)

        return self._again(once)

    def write(self, change: Callable[[Connection], Result]) -> Result:
        """See :meth:`Database.write`."""

        def once() -> Result:
            with self._write_transaction() as connection:
                return change(connection)

        return self._again(once)

    def _one_by_one(self, act: Callable[[Connection], Result]) -> Result:
        """What ``act`` gives whose statements are each a transaction; done again as those of :meth:`read`."""

        def once() -> Result:
            with self._alone.connect() as connection:
                return act(connection)

        return self._again(once)

    def _again(self, once: Callable[[], Result]) -> Result:
        """Do what was undone for no fault of its own, up to ``ATTEMPTS`` times."""
        self._open()
        with gallery_errors(self.place):
            for attempt in range(ATTEMPTS - 1):
                try:
                    return once()
                except DBAPIError as error:
                    if not (is_lost(error.orig) or is_conflict(error.orig)):
                        raise
                # Two that undid each other must not meet again.
                time.sleep(_FIRST_PAUSE * 2**attempt * (1 + random.random()))  # noqa: S311 (no secret)
            return once()

    @contextmanager
    def _write_transaction(self) -> Iterator[Connection]:
        with self._writer.connect() as connection:
            transaction = connection.begin()
            begun: Row[Any] | None = None
            try:
                begun = self._begin_write(connection)
                yield connection
                self._end_write(connection)
                head = connection.execute(_HEAD).scalar_one()
            except BaseException as error:
                transaction.rollback()
                if begun is not None and isinstance(error, DBAPIError) and is_lost(error.orig):
                    end_backend(self._writer, begun)
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if not is_lost(error.orig) or not self._was_committed(begun, head, error):
                    raise
        with suppress(SQLAlchemyError, RuntimeError):  # the change is kept all the same
            self._indexes.look()

    def _begin_write(self, connection: Connection) -> Row[Any]:
        return connection.execute(_BEGIN_WRITE, {"lock": _TURN_LOCK}).one()

    def _end_write(self, connection: Connection) -> None:
        follow_changes(connection)
        super()._end_write(connection)

    def _was_committed(self, begun: Row[Any], head: str, lost: DBAPIError) -> bool:
        """See :func:`was_committed`.

        Raises:
            GalleryError: the server did not come back within ``PATIENCE`` seconds.
        """
        found = was_committed(self._writer, begun, head, PATIENCE)
        if found is None:
            raise GalleryError(
                f"the connection to the gallery {self.place} was lost while a change was being kept, "
                "and whether it was is not known",
                "look with `facenet-app gallery list` before you try again",
            ) from lost
        return found

    def wipe(self) -> None:
        """Free the room of removed rows for new ones; see :func:`wipe_rows`.

        What else a server keeps of them, its write-ahead log, replicas and backups, is for its
        administrator: see docs/scaling.md.

        Raises:
            GalleryError: the server cannot be reached.
        """
        self._one_by_one(wipe_rows)

    def index(self, now: datetime) -> ServerIndex | None:
        """The server's search, which is asked nothing yet; None if this process searches in its memory."""
        self._open()
        if self._use.in_memory:
            return None
        return ServerIndex(self._one_by_one, self._use.recall, now)

    def damages(self, connection: Connection) -> Iterator[Finding]:
        """Whether the vectors that searches use are those of the samples, and are found quickly."""
        yield from vector_faults(connection)
        for each in Measured.all_of(connection).values():
            if each.is_due(self._use.recall):
                yield Finding(
                    "slow_search",
                    f"searches compare with all {each.rows:,} rows of {each.table}: its index is not ready",
                    "unless it is being built, enroll anybody, while the server has memory and disk to spare",
                )

    def exposures(self) -> Iterator[Finding]:
        """Nothing: who may connect is the server's to say."""
        yield from ()

    def _no_gallery(self) -> GalleryError:
        return GalleryError(
            f"there is no gallery in {self.place}",
            "check --gallery and FACENET_APP_GALLERY, or enroll somebody first",
        )

    def _keep_others_out(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(_TABLES_LOCK)))
