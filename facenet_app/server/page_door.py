"""Logging in on the page."""

import asyncio
import logging

from facenet_app.access.access_file import AccessFile
from facenet_app.access.users import Lockout
from facenet_app.errors import AccessFileDamaged

__all__ = ["PageDoor"]

log = logging.getLogger("facenet_app.server")


class PageDoor:
    """Whether a name and a password open the page; locked for a while after wrong ones.

    Args:
        access: the users.
        lockout: counts the mistakes.
    """

    def __init__(self, access: AccessFile, lockout: Lockout) -> None:
        self._access = access
        self._lockout = lockout

    async def log_in(self, name: str, password: str) -> bool:
        """True if they may. Hashing takes tens of milliseconds, so it happens in a thread."""
        if self._lockout.is_locked(name):
            log.warning("log-in refused", extra={"fields": {"reason": "locked"}})
            return False
        try:
            right = await asyncio.to_thread(self._access.knows, name, password)
        except AccessFileDamaged as error:
            log.error("trouble", extra={"fields": {"code": error.code, "detail": str(error)}})
            return False
        self._lockout.note(name, right=right)
        if not right:
            log.warning("log-in refused", extra={"fields": {"reason": "wrong name or password"}})
        return right
