"""Logging in on the page, and who is logged in."""

import asyncio
import logging

from facenet_app.access.access_file import AccessFile
from facenet_app.access.rate import RateLimit
from facenet_app.access.sessions import Sessions
from facenet_app.access.users import Lockout, PageUser
from facenet_app.errors import AccessFileDamaged

__all__ = ["PageDoor"]

log = logging.getLogger("facenet_app.server")

AT_ONCE = 2
"""Passwords checked at a time: each takes 64 MiB of memory for a moment."""
TRIES_PER_SECOND = 0.2
TRIES_AT_ONCE = 20.0


class PageDoor:
    """Opens sessions for the right name and password; shut for a while after wrong ones.

    Args:
        access: the users.
        sessions: of those who are in.
        lockout: counts the mistakes of each name.
        tries: counts those of each address, whatever names it tries; None: a few a minute.
    """

    def __init__(
        self, access: AccessFile, sessions: Sessions, lockout: Lockout, tries: RateLimit | None = None
    ) -> None:
        self._access, self._sessions, self._lockout = access, sessions, lockout
        self._tries = tries or RateLimit(TRIES_PER_SECOND, TRIES_AT_ONCE)
        self._free = asyncio.Semaphore(AT_ONCE)

    async def log_in(self, name: str, password: str, address: str) -> str | None:
        """The token of a new session; None for a wrong password, and for anybody who has to wait."""
        if self._tries.take(address):
            _refused("too many tries")
            return None
        async with self._free:
            # Not before: many at once would all be tried before the first mistake counts.
            if self._lockout.is_locked(name):
                _refused("locked")
                return None
            try:
                user = await asyncio.to_thread(self._access.user_with, name, password)
            except AccessFileDamaged as error:
                _trouble(error)
                return None
            self._lockout.note(name, right=user is not None)
        if user is None:
            _refused("wrong name or password")
            return None
        return self._sessions.begin(user)

    def user(self, token: str | None) -> PageUser | None:
        """Whose session it is; None if it is over."""
        try:
            return None if token is None else self._sessions.user(token)
        except AccessFileDamaged as error:
            _trouble(error)
            return None

    def log_out(self, token: str | None) -> None:
        """End a session."""
        if token is not None:
            self._sessions.end(token)


def _refused(reason: str) -> None:
    log.warning("log-in refused", extra={"fields": {"reason": reason}})


def _trouble(error: AccessFileDamaged) -> None:
    log.error("trouble", extra={"fields": {"code": error.code, "detail": str(error)}})
