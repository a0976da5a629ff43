"""On whose behalf the gallery is changed: for the audit trail, per thread and per task."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Final

__all__ = ["Actor", "acting_as", "current_actor"]

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and the id of the request that made them, if there is one."""

    name: str
    request_id: str | None = None


_ACTOR: ContextVar[Actor | None] = ContextVar("facenet_app_actor", default=None)


@contextmanager
def acting_as(name: str, request_id: str | None = None) -> Iterator[None]:
    """Everything written inside is done by ``name``, such as ``key:front-door`` or ``user:ada``.

    Outside of any of these it is the operating system's user, as ``os:<user>``. Invisible and
    control characters are left out, and what is longer than 200 characters is cut.
    """
    actor = Actor(_printable(name), None if request_id is None else _printable(request_id))
    token = _ACTOR.set(actor)
    try:
        yield
    finally:
        _ACTOR.reset(token)


def current_actor() -> Actor:
    """Who acts now."""
    return _ACTOR.get() or Actor(_os_user())


@cache
def _os_user() -> str:
    """The user that the process runs as. Not from the environment, which anybody can set."""
    try:
        import os
        import pwd

        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a user without a name, as in containers
        return f"os:{os.getuid()}"
    except ImportError:  # Windows
        return f"os:{os.getlogin()}"


def _printable(text: str) -> str:
    return "".join(each for each in text if not unicodedata.category(each).startswith("C"))[:_LONGEST]
