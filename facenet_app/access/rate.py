"""How many requests a key or an address may send: a token bucket for each.

In this process only: several server processes each count for themselves.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from facenet_app.access.exposure import is_exposed
from facenet_app.settings import Settings

__all__ = ["RateLimit", "request_limit"]

MOST_REMEMBERED: Final = 10_000
"""Buckets; beyond them those that were not used for longest are forgotten, which fills them."""
EXPOSED_RATE: Final = 20.0
"""Requests a second where others can reach the server and no rate was set."""
BURST_SECONDS: Final = 5.0


class RateLimit:
    """So many requests a second for each name, and bursts of ``burst`` after a rest.

    Args:
        rate: requests a second; more than 0.
        burst: requests at once; at least 1.
        clock: seconds that never go back.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, max(1.0, burst), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> float:
        """Count a request: 0 if it may go on, else the seconds after which the next one may."""
        with self._lock:
            missing, left = self._missing(name)
            if missing == 0:
                left -= 1
            self._buckets[name] = left, self._clock()
            self._buckets.move_to_end(name)
            if len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
            return missing

    def wait(self, name: str) -> float:
        """What :meth:`take` would answer, without counting."""
        with self._lock:
            return self._missing(name)[0]

    def _missing(self, name: str) -> tuple[float, float]:
        """Seconds until there is a token, and how many there are."""
        now = self._clock()
        left, then = self._buckets.get(name, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        return (0.0, left) if left >= 1 else ((1 - left) / self._rate, left)


def request_limit(settings: Settings) -> RateLimit | None:
    """How many requests each key, user or address may send; None where only this machine's users can."""
    rate = settings.rate or (EXPOSED_RATE if is_exposed(settings) else None)
    return None if rate is None else RateLimit(rate, rate * BURST_SECONDS)
