"""Reading a gallery file that is damaged: every row that SQLite can still find and give.

A row that contradicts an index of its table is not given: in a damaged file the two are each other's
only witness.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["UNREADABLE", "DamagedFile", "FoundRow"]

UNREADABLE: Final = object()
"""Stands for a value on a page that cannot be read."""

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


class DamagedFile:
    """The rows of a damaged file, by their number in the file.

    Made by :func:`facenet_app.gallery.damaged_opening.opened_damaged`.
    """

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
