"""Reading a gallery file that is damaged: every row that SQLite can still find and give.

Works on a copy of its own, so that the damaged file stays as it is. A row that contradicts an index
of its table is not given: in a damaged file the two are each other's only witness.
"""

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facenet_app.errors import GalleryError
from facenet_app.gallery.aside import file_beside
from facenet_app.gallery.lost_schema import known_first_pages

__all__ = ["UNREADABLE", "DamagedFile", "FoundRow", "opened_damaged"]

UNREADABLE: Final = object()
"""Stands for a value on a page that cannot be read."""

_HEADER: Final = 100
"""Bytes at the start of page 1 that are not part of its tree."""

_MOST_LONGER: Final = 1000
"""How many times as long as it is a file may say that it was; more is nonsense."""

_MOST_PROBES: Final = 5_000_000
"""Row numbers that are tried one by one where a tree cannot be walked: some seconds."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a table by its number in the file.

    ``values`` by column, with :data:`UNREADABLE` for what cannot be read; None if nothing can, or if
    an index says otherwise. ``told`` is what indexes say of it.
    """

    number: int
    values: dict[str, Any] | None
    told: dict[str, Any]


@contextmanager
def opened_damaged(path: Path, beside: Path) -> Iterator["DamagedFile"]:
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


class DamagedFile:
    """The rows of a damaged file, by their number in the file. Made by :func:`opened_damaged`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def columns(self, table: str) -> list[str]:
        """The columns that the file says a table has; none if it cannot be read."""
        return [str(row[1]) for row in self._walk(f"PRAGMA table_info({table})")]

    def rows(self, table: str, wanted: Sequence[str]) -> Iterator[FoundRow]:
        """Each row of a table that is known of, with these columns, as far as the table has them."""
        there = [name for name in wanted if name in set(self.columns(table))]
        witnesses = self._witnesses(table)
        for number in sorted(self._numbers(table, witnesses) if there else ()):
            told = {column: values[number] for column, values in witnesses.items() if number in values}
            row = self._row(table, number, there)
            if row is None or any(row[column] != told[column] for column in told if column in row):
                yield FoundRow(number, None, told)
            else:
                yield FoundRow(number, {**dict.fromkeys(wanted), **row}, told)

    def value(self, table: str, number: int, column: str) -> Any:
        """One value of a row, or :data:`UNREADABLE`."""
        query = f'SELECT "{column}" FROM "{table}" NOT INDEXED WHERE rowid = ?'  # noqa: S608 (our own names)
        try:
            row = self._connection.execute(query, (number,)).fetchone()
        except (sqlite3.Error, OverflowError, MemoryError):
            return UNREADABLE
        return UNREADABLE if row is None else row[0]

    def _row(self, table: str, number: int, columns: Sequence[str]) -> dict[str, Any] | None:
        listed = ", ".join(f'"{column}"' for column in columns)
        query = f'SELECT {listed} FROM "{table}" NOT INDEXED WHERE rowid = ?'  # noqa: S608 (our own names)
        try:
            row = self._connection.execute(query, (number,)).fetchone()
        except (sqlite3.Error, OverflowError, MemoryError):
            values = {column: self.value(table, number, column) for column in columns}
            return None if all(value is UNREADABLE for value in values.values()) else values
        return None if row is None else dict(zip(columns, row, strict=True))

    def _numbers(self, table: str, witnesses: dict[str, dict[int, Any]]) -> set[int]:
        """Numbers of the rows that the tree or an index knows of, or that may be between them."""
        up, whole = self._ordered(f'SELECT rowid FROM "{table}" NOT INDEXED ORDER BY rowid')  # noqa: S608
        found = {*up, *(number for values in witnesses.values() for number in values)}
        if whole:
            return found
        down, _ = self._ordered(f'SELECT rowid FROM "{table}" NOT INDEXED ORDER BY rowid DESC')  # noqa: S608
        found.update(down)
        gap = range(up[-1] + 1 if up else 1, min(down, default=0))
        for number in gap[:_MOST_PROBES]:
            if number not in found and self._is_there(table, number):
                found.add(number)
        return found

    def _is_there(self, table: str, number: int) -> bool:
        try:
            query = f'SELECT 1 FROM "{table}" NOT INDEXED WHERE rowid = ?'  # noqa: S608 (our own names)
            return self._connection.execute(query, (number,)).fetchone() is not None
        except sqlite3.Error:
            return False

    def _ordered(self, query: str) -> tuple[list[int], bool]:
        """Row numbers as far as they come and are in order, and whether that is all of them."""
        found: list[int] = []
        try:
            for (number,) in self._connection.execute(query):
                if len(found) > 1 and (number > found[-1]) != (found[1] > found[0]):
                    return found, False
                if found and number == found[-1]:
                    return found, False
                found.append(number)
        except sqlite3.Error:
            return found, False
        return found, True

    def _witnesses(self, table: str) -> dict[str, dict[int, Any]]:
        """What the indexes of one column say that rows have: column -> row number -> value."""
        told: dict[str, dict[int, Any]] = defaultdict(dict)
        for index in [str(row[1]) for row in self._walk(f"PRAGMA index_list({table})")]:
            columns = [str(row[2]) for row in self._walk(f"PRAGMA index_info({index})")]
            if len(columns) != 1:
                continue
            for order in ("ASC", "DESC"):
                query = (
                    f'SELECT rowid, "{columns[0]}" FROM "{table}" INDEXED BY "{index}" '  # noqa: S608
                    f'ORDER BY "{columns[0]}" {order}'
                )
                told[columns[0]].update(self._walk(query))
        return told

    def _walk(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a query, until there is damage."""
        with suppress(sqlite3.Error):
            yield from self._connection.execute(query)


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
    with sqlite3.connect(":memory:") as fresh:
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
