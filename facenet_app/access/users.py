"""Users of the page: their passwords, hashed with argon2id, and the lock after wrong ones."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from facenet_app.access.role import Role
from facenet_app.errors import UsageError

__all__ = ["Lockout", "PageUser", "hashed", "is_password_of"]

SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1000
"""Characters; hashing must not become a way to keep the server busy."""

MISTAKES_ALLOWED: Final = 5
FIRST_LOCK: Final = 30.0
LONGEST_LOCK: Final = 3600.0


@dataclass(frozen=True, slots=True)
class PageUser:
    """Somebody who may use the page; ``argon2`` is the encoded hash with its parameters."""

    name: str
    argon2: str
    role: Role

    def to_dict(self) -> dict[str, str]:
        """All of it but the hash, for people."""
        return {"name": self.name, "role": self.role.value}


def hashed(password: str) -> str:
    """The hash to keep, with argon2-cffi's default parameters (RFC 9106, low memory).

    Raises:
        UsageError: the password is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters", "choose another one"
        )
    return PasswordHasher().hash(password)


def is_password_of(user: PageUser | None, password: str) -> bool:
    """Whether the password is the user's. Takes as long for somebody who is not known."""
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return PasswordHasher().verify(user.argon2 if user else _nobody(), password) and user is not None
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return PasswordHasher().hash("the password of nobody")


class Lockout:
    """Refuses a name after ``MISTAKES_ALLOWED`` wrong passwords in a row, each time for twice as long.

    In this process only: several server processes each count for themselves.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mistakes: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def is_locked(self, name: str) -> bool:
        """Whether nobody can log in as ``name`` for now, whatever the password."""
        with self._lock:
            return self._mistakes.get(name, (0, 0.0))[1] > self._clock()

    def note(self, name: str, *, right: bool) -> None:
        """Count a log-in: a right one makes the mistakes before it forgotten."""
        with self._lock:
            if right:
                self._mistakes.pop(name, None)
                return
            if len(self._mistakes) > 10_000:  # of made-up names; the lock of a real one is short as well
                self._mistakes.clear()
            count = self._mistakes.get(name, (0, 0.0))[0] + 1
            beyond = count - MISTAKES_ALLOWED
            wait = min(LONGEST_LOCK, FIRST_LOCK * 2.0 ** min(beyond, 20)) if beyond >= 0 else 0.0
            self._mistakes[name] = count, self._clock() + wait if wait else 0.0
