"""Things kept for so many seconds, and let go of then, whatever becomes of those who asked for them."""

import secrets
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

__all__ = ["ForAWhile", "Later", "in_a_thread"]

Thing = TypeVar("Thing")

Later = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds, in another thread."""

MOST: Final = 100
"""Things kept at a time; the oldest one goes early."""


def in_a_thread(seconds: float, call: Callable[[], None]) -> None:
    """The usual :data:`Later`."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True  # the process may end before
    timer.start()


class ForAWhile(Generic[Thing]):
    """Things in memory, each under a key that nobody can guess. Safe to use from several threads.

    Args:
        seconds: how long each is kept.
        let_go: called with each thing that nobody dropped, when its time is over.
        later: see :data:`Later`; tests give their own.
    """

    def __init__(
        self,
        seconds: float,
        let_go: Callable[[Thing], object] = lambda _: None,
        later: Later = in_a_thread,
    ) -> None:
        self.seconds = seconds
        self._let_go = let_go
        self._later = later
        self._things: dict[str, Thing] = {}
        self._lock = threading.Lock()

    def keep(self, thing: Thing) -> str:
        """Keep something; the key to it."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            oldest = next(iter(self._things)) if len(self._things) >= MOST else None
            self._things[key] = thing
        if oldest is not None:
            self._let_go_of(oldest)
        self._later(self.seconds, partial(self._let_go_of, key))
        return key

    def look(self, key: str) -> Thing | None:
        """What was kept; None once its time is over, or it was dropped."""
        with self._lock:
            return self._things.get(key)

    def drop(self, key: str) -> Thing | None:
        """Keep it no longer, and do not let go of it either: it is the caller's, or None if it was gone."""
        with self._lock:
            return self._things.pop(key, None)

    def _let_go_of(self, key: str) -> None:
        thing = self.drop(key)
        if thing is not None:
            self._let_go(thing)
