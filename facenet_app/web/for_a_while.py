"""Things kept for so many seconds, and let go of then, whatever becomes of those who asked for them."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

__all__ = ["ForAWhile", "Kept", "Later", "in_a_thread"]

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


@dataclass(frozen=True, slots=True)
class Kept(Generic[Thing]):
    """Something that is kept, the key to it, and when its time is over, by the clock of its keeper."""

    key: str
    thing: Thing
    until: float


class ForAWhile(Generic[Thing]):
    """Things in memory, each under a key that nobody can guess. Safe to use from several threads.

    Args:
        seconds: how long each is kept.
        let_go: called with each thing that nobody dropped, when its time is over.
        later: see :data:`Later`; tests give their own.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        seconds: float,
        let_go: Callable[[Thing], object] = lambda _: None,
        later: Later = in_a_thread,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self._let_go = let_go
        self._later = later
        self._things: dict[str, Kept[Thing]] = {}
        self._lock = threading.Lock()

    def keep(self, thing: Thing) -> str:
        """Keep something; the key to it."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            oldest = next(iter(self._things)) if len(self._things) >= MOST else None
            self._things[key] = Kept(key, thing, self.clock() + self.seconds)
        if oldest is not None:
            self._let_go_of(oldest)
        self._later(self.seconds, partial(self._let_go_of, key))
        return key

    def look(self, key: str) -> Thing | None:
        """What was kept; None once its time is over, or it was dropped."""
        with self._lock:
            kept = self._things.get(key)
        return kept.thing if kept else None

    def newest(self, which: Callable[[Thing], bool]) -> Kept[Thing] | None:
        """The newest of those for which this is true and whose time is not over; None if there is none."""
        with self._lock:
            every = list(self._things.values())
        now = self.clock()
        return next((each for each in reversed(every) if each.until > now and which(each.thing)), None)

    def drop(self, key: str) -> Thing | None:
        """Keep it no longer, and do not let go of it either: it is the caller's, or None if it was gone."""
        with self._lock:
            kept = self._things.pop(key, None)
        return kept.thing if kept else None

    def _let_go_of(self, key: str) -> None:
        thing = self.drop(key)
        if thing is not None:
            self._let_go(thing)
