"""Opening a damaged gallery file: SQLite is told what it needs to look at the rest.

Works on a copy, so that the damaged file stays as it is.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from facenet_app.errors import GalleryError
from facenet_app.gallery.aside import file_beside
from facenet_app.gallery.damaged_file import DamagedFile
from facenet_app.gallery.lost_schema import known_first_pages

__all__ = ["opened_damaged"]

_HEADER: Final = 100
"""Bytes at the start of page 1 that are not part of its tree."""

_MOST_LONGER: Final = 1000
"""How many times as long as it is a file may say that it was; more is nonsense."""


@contextmanager
def opened_damaged(path: Path, beside: Path) -> Iterator[DamagedFile]:
    """Open a copy of a damaged gallery file, made beside another one.

    Raises:
        GalleryError: SQLite finds nothing at all in it, or it is not there.
    """
    if not path.is_file():
        raise GalleryError(f"there is no gallery at {path}", "check --gallery and FACENET_APP_GALLERY")
    with file_beside(beside) as copy:
        shutil.copyfile(path, copy)
        log = path.with_name(f"{path.name}-wal")
        if log.exists():
            shutil.copyfile(log, copy.with_name(f"{copy.name}-wal"))
        _make_whole(copy)
        connection = _opened(copy)
        if connection is None and not log.exists():
            _give_new_header(copy)
            connection = _opened(copy)
        if connection is None:
            connection = _opened_as_known(copy)
        if connection is None:
            raise GalleryError(
                f"nothing can be read of {path}", "restore a backup with `facenet-app gallery restore`"
            )
        try:
            yield DamagedFile(connection)
        finally:
            connection.close()


def _opened(copy: Path) -> sqlite3.Connection | None:
    connection = sqlite3.connect(copy, isolation_level=None)
    # What is no text must not be taken for some: names with such characters are refused later.
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        connection.execute(
            "PRAGMA writable_schema = ON"
        )  # takes a file that ends early, and a strange schema
        connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'identities'").fetchall()
    except sqlite3.Error:
        connection.close()
        return None
    return connection


def _opened_as_known(copy: Path) -> sqlite3.Connection | None:
    """Open a file without a list of tables: try where galleries have them, until all that matters is found,
    or at least people.
    """
    copy.with_name(f"{copy.name}-wal").unlink(missing_ok=True)  # it may have a page 1 of its own
    pages = list(known_first_pages(copy))
    for enough in (_makes_sense, _has_people):
        for page in pages:
            with copy.open("r+b") as file:
                file.write(page)
            _set_length(copy)
            connection = _opened(copy)
            if connection is not None:
                if enough(DamagedFile(connection)):
                    return connection
                connection.close()
    return None


def _has_people(file: DamagedFile) -> bool:
    return _has(file, "identities", "name_key", str)


def _makes_sense(file: DamagedFile) -> bool:
    """Whether there are people, and the crops of samples where these tables have them."""
    if not _has_people(file) or _has(file, "samples", "exposure", bytes):  # of older tables, the crop
        return False
    crops = "samples" if "crop" in file.columns("samples") else "crops"
    return _has(file, crops, "crop", bytes) or not _has(file, "samples", "alignment", str)


def _has(file: DamagedFile, table: str, column: str, kind: type) -> bool:
    """Whether a column has a value of this kind anywhere."""
    rows = file.rows(table, (column,))
    return any(row.values is not None and isinstance(row.values[column], kind) for row in rows)


def _make_whole(copy: Path) -> None:
    """Give a file that ends early as many bytes as its header says, zeros that no row is made of: SQLite
    refuses a table whose first page lies behind the end, and with it all others.
    """
    with copy.open("r+b") as file:
        header = file.read(_HEADER)
        size = int.from_bytes(header[16:18], "big") * int.from_bytes(header[28:32], "big")
        there = copy.stat().st_size
        if there < size <= _MOST_LONGER * there:
            file.truncate(size)  # zeros at the end take no room on the disk


def _give_new_header(copy: Path) -> None:
    """Put the header of a fresh file over that of this one, which SQLite does not accept."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.execute("CREATE TABLE anything (x)")
        header = bytearray(fresh.serialize()[:_HEADER])
    with copy.open("r+b") as file:
        file.write(header)
    _set_length(copy)


def _set_length(copy: Path) -> None:
    """Make the file twice as long, and have its header say so: a table may begin behind the end."""
    with copy.open("r+b") as file:
        size = int.from_bytes(file.read(18)[16:18], "big")
        pages = 2 * (copy.stat().st_size // size) + 1
        file.seek(28)
        file.write(pages.to_bytes(4, "big"))
        file.truncate(pages * size)
