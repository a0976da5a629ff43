"""The one place where errors of the databases, SQLAlchemy and the file system become gallery errors."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from facenet_app.domain import Place
from facenet_app.errors import GalleryError
from facenet_app.gallery.server_faults import server_error

__all__ = ["damaged", "gallery_errors", "in_use", "not_a_gallery"]

log = logging.getLogger(__name__)

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


def damaged(place: Place, *, opening: bool = False) -> GalleryError:
    """What to raise when the content of the gallery makes no sense."""
    look = "" if opening else "run `facenet-app gallery check` to see what is wrong, or "
    backup = "restore a backup with `gallery restore`, or save what can be read with `gallery salvage`"
    if not isinstance(place, Path):
        backup = "restore a backup of the database"
    return GalleryError(f"the gallery {place} is damaged", look + backup)


def not_a_gallery(place: Place) -> GalleryError:
    """What to raise for a file or database that is something else."""
    message, hint = _BY_CODE[sqlite3.SQLITE_NOTADB]
    return GalleryError(message.format(path=place), hint)


def in_use(place: Place) -> GalleryError:
    """What to raise when others kept the gallery for too long."""
    message, hint = _IN_USE
    return GalleryError(message.format(path=place), hint)


@contextmanager
def gallery_errors(place: Place, *, opening: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into a GalleryError, with the original as its cause.

    ``opening`` says that the gallery is not open yet, so that no command can look into it.

    ValueError and TypeError count: dates, JSON, text, vectors and PNGs that cannot be read back raise them.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise GalleryError(f"the gallery {place} cannot be opened ({reason})", _ELSEWHERE) from error
    except PoolTimeoutError as error:
        raise GalleryError(
            f"too much is asked of the gallery {place} at once", "try again in a moment"
        ) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _translated(error, place, opening) from error
    except (TypeError, ValueError) as error:
        _log_reason(error)
        raise damaged(place, opening=opening) from error


def _translated(error: Exception, place: Place, opening: bool) -> GalleryError:
    original = error.orig if isinstance(error, DBAPIError) else error
    if original is not None and (told := server_error(original, place)):
        return told
    code = getattr(original, "sqlite_errorcode", None)  # missing where Python's module found the fault
    # The low byte is the primary code; the rest says more than a user can act on.
    if code is not None and (found := _BY_CODE.get(code & 0xFF)):
        message, hint = found
        return GalleryError(message.format(path=place), hint)
    _log_reason(error if original is None else original)
    return damaged(place, opening=opening)


def _log_reason(error: BaseException) -> None:
    """Only the kind of what was found: its message might hold a name."""
    log.info("damaged: %s %s", type(error).__name__, getattr(error, "sqlite_errorname", ""))
