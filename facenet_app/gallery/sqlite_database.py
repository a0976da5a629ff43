"""A gallery in one SQLite file: for one machine, with any number of processes.

Writers take the lock at the start of their transaction and wait for each other; readers see the
state at the start of theirs and wait for nobody (write-ahead log).
"""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from facenet_app.aside import make_private_folder
from facenet_app.domain import Finding
from facenet_app.errors import GalleryError
from facenet_app.gallery.database import Database
from facenet_app.gallery.faults import gallery_errors, in_use, not_a_gallery

__all__ = ["SqliteDatabase", "is_busy"]

PATIENCE: Final = 10.0
"""Seconds to wait for another program's transaction."""

_TURN: Final = 3 * PATIENCE
"""Seconds to wait for other threads of this program: one of them may be rewriting a large file."""

_PAUSE: Final = 0.002
"""Seconds between two looks whether the lock is free, at most."""

_SMALLEST_DATABASE: Final = 512
"""Bytes of the smallest page. SQLite takes a file of one byte for an empty one and would overwrite it."""

_RESTORE: Final = (
    "restore a backup copy with `facenet-app gallery restore`, "
    "or save what can be read with `facenet-app gallery salvage`"
)


class SqliteDatabase(Database):
    """Transactions on one gallery file. Made by :meth:`open`."""

    traces = "the file"

    def __init__(self, path: Path) -> None:
        self.path = path
        engine = _engine(path)
        super().__init__(path, engine, engine.execution_options(writing=True))
        self._turn = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, model: str, fingerprint: str | None) -> Self:
        """Open the file; see :meth:`Database.start`.

        Args:
            path: the file; created with its folders, for the owner only, unless fingerprint is None.
            model: id of the model that a new gallery is for.
            fingerprint: that of the model; None for a gallery that must exist already.
        """
        path = path.absolute()
        with gallery_errors(path):
            _prepare_file(path, create=fingerprint is not None)
        return cls(path).start(model, fingerprint)

    @contextmanager
    def _write_transaction(self) -> Iterator[Connection]:
        with self._my_turn(), super()._write_transaction() as connection:
            yield connection

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        """Threads of a process take turns, so that one of them waits for the file's lock at a time."""
        if not self._turn.acquire(blocking=False):
            if not self._turn.acquire(timeout=_TURN):
                raise in_use(self.path)
            time.sleep(_PAUSE)  # the next turn is another process's, if one waits
        try:
            yield
        finally:
            self._turn.release()

    def wipe(self) -> None:
        """Rewrite the file without what was removed, and empty the write-ahead log.

        SQLite's secure_delete overwrites deleted rows, but not the copies of them that splitting a
        page of its trees can leave behind; only VACUUM, which writes the live rows anew, does.

        Raises:
            GalleryError: another program is reading or writing, or the disk is full.
        """
        with (
            gallery_errors(self.path),
            self._my_turn(),
            closing(self._open().raw_connection()) as connection,
        ):
            cursor = connection.cursor()
            cursor.execute("SELECT unwiped_revision FROM gallery")
            unwiped = cursor.fetchone()
            if unwiped == (None,):
                return  # another removal's wiping came after this one, too
            cursor.execute("VACUUM")
            self._empty_log(cursor)
            # A removal since then has a higher revision and does its own wiping.
            cursor.execute("UPDATE gallery SET unwiped_revision = NULL WHERE unwiped_revision <= ?", unwiped)

    def _empty_log(self, cursor: DBAPICursor) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            # SQLite waits for those who read from the log, but not for those who are emptying it.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            answer = cursor.fetchone()
            if answer is not None and not answer[0]:  # else "busy"
                return
            if time.monotonic() > deadline:
                raise GalleryError(
                    f"the gallery {self.path} is being read by another program",
                    "try again when that has finished",
                )
            time.sleep(_PAUSE)

    def index(self, now: datetime) -> None:
        """None: a file is searched in memory."""

    def damages(self, connection: Connection) -> Iterator[Finding]:
        """What SQLite finds wrong with the file."""
        faults = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
        if faults != ["ok"]:
            yield Finding("damaged_file", f"the file is damaged ({len(faults)} faults or more)", _RESTORE)
        broken = len(connection.exec_driver_sql("PRAGMA foreign_key_check").all())
        if broken:
            yield Finding("broken_reference", f"{broken} samples or crops belong to nobody", _RESTORE)

    def exposures(self) -> Iterator[Finding]:
        """Whether other users of the machine can open the file."""
        if os.name == "posix" and self.path.stat().st_mode & 0o077:
            yield Finding(
                "open_to_others",
                f"other users of this machine can open {self.path}",
                f"run `chmod 600 {self.path}`",
            )

    def _prepare(self) -> None:
        """Switch the file to the write-ahead log, once in its life.

        SQLite does not wait by itself here when two processes make the same new gallery.
        """
        deadline = time.monotonic() + PATIENCE
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            while True:
                try:
                    cursor.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    if not is_busy(error) or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
                else:
                    return

    def _no_gallery(self) -> GalleryError:
        return _no_gallery(self.path)


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
        if connection.get_execution_options().get("writing"):
            _begin_to_write(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_to_write(connection: Connection) -> None:
    """Take the file's lock, or wait for it.

    SQLite's own pauses grow to a tenth of a second: where many wait, some would get it too late.
    """
    deadline = time.monotonic() + PATIENCE
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if not is_busy(error.orig):
                    raise
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE * random.random())  # noqa: S311 (no secret)
            else:
                return
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * PATIENCE:.0f}")


def is_busy(error: BaseException | None) -> bool:
    """Whether waiting helps: another connection writes, or puts the log in order that a crash left."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY  # the low byte; the rest says why


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise GalleryError(f"{path} is a folder", "give a file, such as gallery.db in that folder")
    if path.exists():
        if 0 < path.stat().st_size < _SMALLEST_DATABASE:
            raise not_a_gallery(path)
        return
    if not create:
        raise _no_gallery(path)
    make_private_folder(path.parent)
    # SQLite gives its log files the same permissions. A file that another thread has just made must
    # not even be opened here: closing it would drop that thread's locks on it (a POSIX rule).
    with suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)


def _no_gallery(path: Path) -> GalleryError:
    return GalleryError(
        f"there is no gallery at {path}", "check --gallery and FACENET_APP_GALLERY, or enroll somebody first"
    )
