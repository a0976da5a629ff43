"""The SQLite file below a gallery: opening, transactions, and wiping what was removed.

Writers take the lock at the start of their transaction and wait for each other; readers see the
state at the start of theirs and wait for nobody (write-ahead log).
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from facenet_app.errors import GalleryError
from facenet_app.gallery.changelog import prune
from facenet_app.gallery.faults import gallery_errors, not_a_gallery
from facenet_app.gallery.keys import GalleryKeys
from facenet_app.gallery.migrations import current, upgrade
from facenet_app.gallery.schema import LATEST, gallery
from facenet_app.gallery.sealing import KEY_RING, KeyRing

__all__ = ["Database"]

PATIENCE: Final = 10.0
"""Seconds to wait for another program's transaction."""

_SMALLEST_DATABASE: Final = 512
"""Bytes of the smallest page. SQLite takes a file of one byte for an empty one and would overwrite it."""


class Database:
    """Transactions on one gallery file, from any number of threads. Made by :meth:`open`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        self._engine = _engine(path)
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    @classmethod
    def open(cls, path: Path, *, model: str, fingerprint: str | None) -> "Database":
        """Open the file, bring its tables up to date, and finish wiping if a removal could not.

        Args:
            path: the file; created with its folders, for the owner only, unless fingerprint is None.
            model: id of the model that a new gallery is for.
            fingerprint: that of the model; None for a gallery that must exist already.

        Raises:
            GalleryError: see :meth:`facenet_app.gallery.store.GalleryStore.open`.
        """
        path = path.absolute()
        with gallery_errors(path):
            _prepare_file(path, create=fingerprint is not None)
        database = cls(path)
        try:
            with gallery_errors(path, opening=True):
                database._bring_up_to_date(model, fingerprint)
            with database.reading() as connection:
                unwiped = connection.execute(select(gallery.c.unwiped_revision)).scalar_one()
            if unwiped is not None:
                with suppress(GalleryError):  # not what the caller came for; check() reports it
                    database.wipe()
        except GalleryError:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the gallery throughout."""
        with gallery_errors(self.path), self._open().begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else can write beside; it raises the revision by one."""
        self._open()
        with gallery_errors(self.path), self._writer.begin() as connection:
            connection.execute(update(gallery).values(revision=gallery.c.revision + 1))
            yield connection
            prune(connection)

    def wipe(self) -> None:
        """Rewrite the file without what was removed, and empty the write-ahead log.

        SQLite's secure_delete overwrites deleted rows, but not the copies of them that splitting a
        page of its trees can leave behind; only VACUUM, which writes the live rows anew, does.

        Raises:
            GalleryError: another program is reading or writing, or the disk is full.
        """
        with gallery_errors(self.path), closing(self._open().raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT unwiped_revision FROM gallery")
            unwiped = cursor.fetchone()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            answer = cursor.fetchone()
            if answer is None or answer[0]:  # "busy": somebody reads from the log
                raise GalleryError(
                    f"the gallery {self.path} is being read by another program",
                    "try again when that has finished",
                )
            # A removal since then has a higher revision and does its own wiping.
            cursor.execute("UPDATE gallery SET unwiped_revision = NULL WHERE unwiped_revision <= ?", unwiped)

    def use_keys(self, keys: GalleryKeys) -> None:
        """Use these keys from the next transaction on, where something is encrypted."""
        ring = {KEY_RING: KeyRing(keys)}
        self._engine = self._engine.execution_options(**ring)
        self._writer = self._writer.execution_options(**ring)

    def close(self) -> None:
        """Close every connection; using the database afterwards is a GalleryError."""
        self._closed = True
        self._engine.dispose()

    def _open(self) -> Engine:
        if self._closed:
            raise GalleryError(f"the gallery {self.path} was closed", "open it again")
        return self._engine

    def _bring_up_to_date(self, model: str, fingerprint: str | None) -> None:
        with self._engine.begin() as connection:
            found = self._version(connection, may_be_new=fingerprint is not None)
        self._use_write_ahead_log()  # not before it is known to be a gallery
        if found == LATEST:
            return
        with self._writer.begin() as connection:
            # Another process may have been faster: look again, now that nobody else can write.
            if self._version(connection, may_be_new=True) != LATEST:
                upgrade(connection)
            if connection.execute(select(gallery.c.id)).one_or_none() is None:
                values = {"id": 1, "created_at": datetime.now(UTC), "model": model, "revision": 0}
                connection.execute(insert(gallery).values(**values, fingerprint=fingerprint))

    def _version(self, connection: Connection, *, may_be_new: bool) -> str | None:
        try:
            found = current(connection)
        except LookupError as error:
            raise not_a_gallery(self.path) from error
        if found is None and not may_be_new:
            raise _no_gallery(self.path)
        if found is not None and found > LATEST:
            raise GalleryError(
                f"the gallery {self.path} was written by a newer version of the program "
                f"(format {found}, this one knows {LATEST})",
                "update the program",
            )
        return found

    def _use_write_ahead_log(self) -> None:
        """Switch the file over, once in its life.

        SQLite does not wait by itself here when two processes make the same new gallery.
        """
        deadline = time.monotonic() + PATIENCE
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            while True:
                try:
                    cursor.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
                else:
                    return


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": PATIENCE, "check_same_thread": False, "isolation_level": None},
        hide_parameters=True,  # they are names and embeddings, and errors end up in logs
    )

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Python's own BEGIN comes late and takes no lock; isolation_level None switches it off.
        options: dict[str, Any] = dict(connection.get_execution_options())
        connection.exec_driver_sql(options.get("begin", "BEGIN"))

    return engine


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise GalleryError(f"{path} is a folder", "give a file, such as gallery.db in that folder")
    if path.exists():
        if 0 < path.stat().st_size < _SMALLEST_DATABASE:
            raise not_a_gallery(path)
        return
    if not create:
        raise _no_gallery(path)
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    # SQLite gives its log files the same permissions. A file that another thread has just made must
    # not even be opened here: closing it would drop that thread's locks on it (a POSIX rule).
    with suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)


def _no_gallery(path: Path) -> GalleryError:
    return GalleryError(
        f"there is no gallery at {path}", "check --gallery and FACENET_APP_GALLERY, or enroll somebody first"
    )
