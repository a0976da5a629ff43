"""A gallery file whose list of tables cannot be read: where its tables begin is known all the same.

Every gallery makes its tables in the same order, so their first pages are the same in all of them:
those of a new gallery, or of a new gallery after ``VACUUM``, which each removal ends with.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine

from facenet_app.gallery.aside import file_beside
from facenet_app.gallery.migrations import upgrade
from facenet_app.gallery.schema import LATEST

__all__ = ["known_first_pages"]

_TABLES: Final = ("gallery", "identities", "samples", "operating_points", "crops")
_PAGE: Final = 4096

_VERSIONS: Final = (LATEST, "0006")
"""Of the tables: the last one, and the one before crops had a table of their own."""


def known_first_pages(beside: Path) -> Iterator[bytes]:
    """Page 1 of a file as it can have been, without indexes; files needed for that are made beside one."""
    for version in _VERSIONS:
        with file_beside(beside) as fresh:
            engine = create_engine(f"sqlite:///{fresh}")
            with engine.begin() as connection:
                upgrade(connection, version)
            engine.dispose()
            yield _first_page(fresh, beside)
            with closing(sqlite3.connect(fresh)) as connection:
                connection.execute("VACUUM")
            yield _first_page(fresh, beside)


def _first_page(fresh: Path, beside: Path) -> bytes:
    """The page of a file that has nothing but the tables with people, where ``fresh`` has them."""
    with closing(sqlite3.connect(fresh)) as connection:
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"))
        columns = {name: _columns(connection, name) for name in _TABLES if name in roots}
    with file_beside(beside) as small:
        with closing(sqlite3.connect(small)) as connection:
            connection.execute(f"PRAGMA page_size = {_PAGE}")
            for name, listed in columns.items():
                connection.execute(f'CREATE TABLE "{name}" ({listed})')
            connection.execute("PRAGMA writable_schema = ON")
            for name in columns:
                update = "UPDATE sqlite_master SET rootpage = ? WHERE name = ?"
                connection.execute(update, (roots[name], name))
            connection.commit()
        return small.read_bytes()[:_PAGE]


def _columns(connection: sqlite3.Connection, table: str) -> str:
    """The columns of a table in their order, of which only a number that is the row's own matters."""
    info = connection.execute(f"PRAGMA table_info({table})").fetchall()
    keys = [name for _, name, kind, _, _, key in info if key and kind == "INTEGER"]
    return ", ".join(f'"{row[1]}"{" INTEGER PRIMARY KEY" if row[1] in keys else ""}' for row in info)
