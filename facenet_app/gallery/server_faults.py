"""What a PostgreSQL server's errors mean: for people, and whether trying again can help.

SQLSTATE codes are those of PostgreSQL's documentation, appendix A. Nothing here loads psycopg: its
errors carry the code as ``sqlstate``, which is None if the server could not even be reached.
"""

from typing import Any, Final

from facenet_app.domain import Place
from facenet_app.errors import GalleryError

__all__ = ["is_conflict", "is_lost", "is_unheard_of", "server_error"]

_RETRY: Final = "try again in a moment"
_LOST: Final = (
    "the server of the gallery {place} cannot be reached",
    "check that it runs and that the address is right, then try again",
)
_REFUSED: Final = (
    "the server of the gallery {place} refuses this user or password",
    "check the address; a password can also stand in the variable PGPASSWORD or the file ~/.pgpass",
)
_BUSY: Final = ("the gallery {place} is in use by other programs", _RETRY)
_DAMAGED: Final = (
    "the gallery {place} is damaged",
    "run `facenet-app gallery check` to see what is wrong, or restore a backup of the database",
)

_BY_STATE: Final = {
    "3D000": (
        "there is no database of the gallery {place}",
        "create it with `createdb`, or check --gallery and FACENET_APP_GALLERY",
    ),
    "42501": (
        "this user may not do that in the database of the gallery {place}",
        "make them the owner of the database; its administrator can run `CREATE EXTENSION vector` there",
    ),
    "0A000": (
        "the server of the gallery {place} lacks what a gallery needs",
        "install the extension pgvector, version 0.8 or later, on the server",
    ),
    "58P01": (
        "the server of the gallery {place} has no extension pgvector",
        "install pgvector, version 0.8 or later, on the server",
    ),
    "25006": (
        "the server of the gallery {place} can only be read: it is a replica",
        "give the address of the primary server",
    ),
    "53100": ("the disk of the gallery {place} is full, so it was left as it was", "make room and try again"),
    "53300": ("the server of the gallery {place} has too many connections", _RETRY),
    "40001": _BUSY,
    "40P01": _BUSY,
    "55P03": (_BUSY[0], "try again, or let writers wait for longer: FACENET_APP_WRITE_PATIENCE"),
    "57014": _BUSY,
}
_BY_CLASS: Final = {"08": _LOST, "57": _LOST, "28": _REFUSED, "XX": _DAMAGED, "42": _DAMAGED}


def server_error(error: BaseException, place: Place) -> GalleryError | None:
    """What to raise for an error of the server or of the way to it, or None if it is of another kind."""
    state: Any = getattr(error, "sqlstate", "")
    if state == "":
        return None
    if state is None:
        message, hint = _while_connecting(str(error))
    elif (found := _BY_STATE.get(state) or _BY_CLASS.get(state[:2])) is not None:
        message, hint = found
    else:
        return None
    return GalleryError(message.format(place=place), hint)


def _while_connecting(text: str) -> tuple[str, str]:
    """Message and hint for a connection that was not made; there is no code then, only the server's text."""
    if "does not exist" in text and "database" in text.rpartition("FATAL:")[2]:
        return _BY_STATE["3D000"]
    refused = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")
    return _REFUSED if any(words in text for words in refused) else _LOST


def is_lost(error: BaseException | None) -> bool:
    """Whether the connection was cut, or its server process ended: what it did not commit is undone."""
    state: Any = getattr(error, "sqlstate", "")
    return state is None or state[:2] in {"08"} or state in {"57P01", "57P02", "57P03", "57P05", "25P03"}


def is_conflict(error: BaseException | None) -> bool:
    """Whether the server undid the transaction because of another one: a deadlock, or an order that
    no order of whole transactions could give.
    """
    return getattr(error, "sqlstate", "") in {"40001", "40P01"}


def is_unheard_of(error: BaseException | None) -> bool:
    """Whether the server, asked about a transaction's number, says that it has not come to that yet: it
    died with it before any of it was on the disk.
    """
    return getattr(error, "sqlstate", "") == "22023"
