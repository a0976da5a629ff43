"""Who is logged in on the page."""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from facenet_app.access.access_file import AccessFile
from facenet_app.access.users import PageUser

__all__ = ["LIFETIME", "Sessions"]

LIFETIME: Final = 12 * 3600.0
"""Seconds after which everybody logs in again."""
MOST: Final = 10_000
"""Sessions; beyond them the oldest ends."""


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    argon2: str
    ends: float


class Sessions:
    """Sessions by their tokens, in this process only; of a token its digest is kept.

    A session ends at once when its user is removed or gets another password, because the file of users is
    asked each time. So does what the user may do follow the file.

    Args:
        access: the users.
        clock: seconds that never go back.
    """

    def __init__(self, access: AccessFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._access, self._clock = access, clock
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, user: PageUser) -> str:
        """A new session; its token has 256 random bits."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(token)] = _Session(user.name, user.argon2, self._clock() + LIFETIME)
            if len(self._sessions) > MOST:
                self._sessions.popitem(last=False)
        return token

    def user(self, token: str) -> PageUser | None:
        """Whose session this is, as the file knows them now; None if it is over, or never was.

        Raises:
            AccessFileDamaged: the file cannot be read.
        """
        with self._lock:
            session = self._sessions.get(_digest(token))
        if session is None:
            return None
        user = self._access.user(session.name)
        if user is None or user.argon2 != session.argon2 or self._clock() >= session.ends:
            self.end(token)
            return None
        return user

    def end(self, token: str) -> None:
        """Log out; nothing happens if the session is over already."""
        with self._lock:
            self._sessions.pop(_digest(token), None)


def _digest(token: str) -> str:
    # Looked up by the digest: how long that takes says nothing about a token.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
