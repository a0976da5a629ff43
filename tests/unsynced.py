"""SQLite that does not wait for the disk: a test's gallery need not survive a power cut.

Tests of what crashes leave behind, and programs that tests start, do without it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def unsynced() -> Iterator[None]:
    """For every connection that is made meanwhile."""
    event.listen(Engine, "connect", _do_not_sync)
    try:
        yield
    finally:
        event.remove(Engine, "connect", _do_not_sync)


@contextmanager
def synced() -> Iterator[None]:
    """As the program does it, inside of :func:`unsynced`."""
    event.remove(Engine, "connect", _do_not_sync)
    try:
        yield
    finally:
        event.listen(Engine, "connect", _do_not_sync)


def _do_not_sync(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
