"""Which faults of SQLite a writer waits for."""

import sqlite3

import pytest

from facenet_app.gallery.sqlite_database import is_busy


@pytest.mark.parametrize(
    ("code", "waits"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_RECOVERY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_READONLY_RECOVERY, False),
        (None, False),
    ],
)
def test_whoever_is_busy_is_waited_for_whatever_keeps_them_busy(code: int | None, waits: bool) -> None:
    error = sqlite3.OperationalError("database is locked")
    if code is not None:
        error.sqlite_errorcode = code
    assert is_busy(error) is waits
