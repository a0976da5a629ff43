"""Is this file a sound gallery? Asked of a copy before anybody relies on it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select, update

from facenet_app.domain import AuditAction, Finding
from facenet_app.errors import GalleryError
from facenet_app.gallery.audit import record
from facenet_app.gallery.changelog import reload_all
from facenet_app.gallery.check import check_gallery
from facenet_app.gallery.faults import gallery_errors
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sqlite_database import SqliteDatabase

__all__ = ["Verified", "copy_file", "verified"]

_PAGES: Final = 4096
"""Copied at a time, so that progress can be reported."""

_DAMAGED_FILE: Final = ("damaged_file", "broken_reference")
_DAMAGED_SAMPLES: Final = ("damaged_embedding", "not_finite", "not_unit", "damaged_crop")


@dataclass(frozen=True, slots=True)
class Verified:
    """What a copy holds, and what is wrong with its samples."""

    model: str
    people: int
    samples: int
    damaged: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "people": self.people,
            "samples": self.samples,
            "findings": [finding.to_dict() for finding in self.damaged],
        }


def copy_file(
    source: Path, target: Path, progress: Callable[[int, int], None] | None = None, *, in_use: bool
) -> None:
    """Copy a gallery file page by page, as it is at this moment, into an empty file.

    Others may go on reading and writing: they wait for nobody, and what they write is not in the copy.

    Args:
        source: the file.
        target: an empty file; a single one afterwards, without a write-ahead log.
        progress: called with the number of pages copied, and their number in all.
        in_use: False for a file that nobody writes, which may lie where nothing can be written.

    Raises:
        GalleryError: the file cannot be read, or the copy not be written.
    """
    mode = "mode=rw" if in_use or _has_log(source) else "mode=ro&immutable=1"
    with (
        gallery_errors(source),
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?{mode}", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on, one state

        def report(_status: int, left: int, total: int) -> None:
            if progress is not None:
                progress(total - left, total)

        old.backup(new, pages=_PAGES, progress=report)
        new.execute("PRAGMA journal_mode = DELETE")


def verified(path: Path, *, reload: int | None = None) -> Verified:
    """Open a copy, bring its tables up to date, and read all of it.

    Args:
        path: the copy, which nobody else uses.
        reload: for a copy that is to be restored: make its revision higher than this one, so that
            whoever knows another gallery of this name reads everything anew.

    Raises:
        GalleryError: it is no gallery, was written by a newer program, or the file itself is damaged.
    """
    database = SqliteDatabase.open(path, model="", fingerprint=None)
    try:
        damaged = [each for each in check_gallery(database) if each.code in _DAMAGED_FILE + _DAMAGED_SAMPLES]
        for finding in damaged:
            if finding.code in _DAMAGED_FILE:
                raise GalleryError(finding.message, finding.suggestion)
        if reload is not None:
            database.write(partial(_raise_revision, above=reload))
        held = database.read(partial(_held, damaged=tuple(damaged)))
    finally:
        database.close()
    with gallery_errors(path), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return held


def _raise_revision(connection: Connection, above: int) -> None:
    later = func.max(gallery.c.revision, above + 1)
    connection.execute(update(gallery).values(revision=later))
    reload_all(connection)
    record(connection, AuditAction.RESTORE, samples=_count(connection, samples))


def _held(connection: Connection, damaged: tuple[Finding, ...]) -> Verified:
    model = connection.execute(select(gallery.c.model)).scalar_one()
    return Verified(model, _count(connection, identities), _count(connection, samples), damaged)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _has_log(path: Path) -> bool:
    return path.with_name(f"{path.name}-wal").exists()
