"""The one place where errors of SQLite, SQLAlchemy and the file system become gallery errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from facenet_app.errors import GalleryError

__all__ = ["damaged", "gallery_errors", "not_a_gallery"]

_ELSEWHERE: Final = "choose another place with --gallery"
_CLOSED_TO_US: Final = (
    "the gallery {path} cannot be opened for writing",
    "check the permissions of the file and its folder, or choose another place with --gallery",
)
_IN_USE: Final = ("the gallery {path} is in use by another program", "try again when that has finished")

_BY_CODE: Final = {
    sqlite3.SQLITE_BUSY: _IN_USE,
    sqlite3.SQLITE_LOCKED: _IN_USE,
    sqlite3.SQLITE_READONLY: _CLOSED_TO_US,
    sqlite3.SQLITE_PERM: _CLOSED_TO_US,
    sqlite3.SQLITE_CANTOPEN: _CLOSED_TO_US,
    sqlite3.SQLITE_NOTADB: ("{path} is not a gallery", "choose another file with --gallery"),
    sqlite3.SQLITE_FULL: (
        "the disk is full, so the gallery {path} was left as it was",
        "make room and try again",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk failed while the gallery {path} was read or written",
        "check the disk and its free space",
    ),
}


def damaged(path: Path, *, opening: bool = False) -> GalleryError:
    """What to raise when the content of the file makes no sense."""
    look = "" if opening else "run `facenet-app gallery check` to see what is wrong, or "
    return GalleryError(f"the gallery {path} is damaged", f"{look}put a backup copy of the file in its place")


def not_a_gallery(path: Path) -> GalleryError:
    """What to raise for a file that is something else."""
    message, hint = _BY_CODE[sqlite3.SQLITE_NOTADB]
    return GalleryError(message.format(path=path), hint)


@contextmanager
def gallery_errors(path: Path, *, opening: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into a GalleryError, with the original as its cause.

    ``opening`` says that the gallery is not open yet, so that no command can look into it.

    ValueError and TypeError count: dates, JSON, text, vectors and PNGs that cannot be read back raise them.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise GalleryError(f"the gallery {path} cannot be opened ({reason})", _ELSEWHERE) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _translated(error, path, opening) from error
    except (TypeError, ValueError) as error:
        raise damaged(path, opening=opening) from error


def _translated(error: Exception, path: Path, opening: bool) -> GalleryError:
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)  # missing where Python's module found the fault
    # The low byte is the primary code; the rest says more than a user can act on.
    if code is not None and (found := _BY_CODE.get(code & 0xFF)):
        message, hint = found
        return GalleryError(message.format(path=path), hint)
    return damaged(path, opening=opening)
