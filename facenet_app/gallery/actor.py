"""On whose behalf the gallery is changed: for the audit trail, per thread and per task."""

import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Final

__all__ = ["Author", "acting_as", "current_author"]

_LONGEST: Final = 200
"""Characters of an author and of a request's id."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who is written down, and the id of the request in which they act, if there is one."""

    name: str
    request_id: str | None = None


_AUTHOR: ContextVar[Author | None] = ContextVar("facenet_app_author", default=None)


@contextmanager
def acting_as(name: str, request_id: str | None = None) -> Iterator[None]:
    """Everything written inside is done by ``name``, such as ``key:front-door`` or ``user:ada``.

    Outside of any of these it is the operating system's user, as ``os:<user>``. Invisible and
    control characters are left out, and what is longer than 200 characters is cut.
    """
    author = Author(_printable(name), None if request_id is None else _printable(request_id))
    token = _AUTHOR.set(author)
    try:
        yield
    finally:
        _AUTHOR.reset(token)


def current_author() -> Author:
    """Who acts now."""
    return _AUTHOR.get() or Author(f"os:{_os_user()}")


@cache
def _os_user() -> str:
    """The user that the process runs as. Not from the environment, which anybody can set."""
    try:
        import pwd
    except ImportError:  # Windows
        return os.getlogin()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user without a name, as in containers
        return str(os.getuid())


def _printable(text: str) -> str:
    return "".join(each for each in text if not unicodedata.category(each).startswith("C"))[:_LONGEST]
