"""The log line of what a visitor did: how it ended, how long it took, and nothing of its content."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from facenet_app.web.visitor import visitor

__all__ = ["Ending", "noted"]

log = logging.getLogger("facenet_app.web")

DONE: Final = "done"
NOT_DONE: Final = "not_done"


@dataclass(slots=True)
class Ending:
    """How an event ended: ``done``, ``not_done`` (nothing was stored, say), ``stopped`` by the visitor, the
    code of an error, or ``internal`` for one that nobody foresaw.
    """

    outcome: str = "stopped"

    def answered(self, *, done: bool) -> None:
        """There is an answer; ``done`` as in :class:`facenet_app.web.answer.Answer`."""
        self.outcome = DONE if done else NOT_DONE


@contextmanager
def noted(handler: str, *, quiet: bool) -> Iterator[Ending]:
    """One line when the event is over; a ``quiet`` one has none unless it went wrong.

    The line has the id of the request, by which the audit trail knows who did what to whom.
    """
    who, started, ending = visitor(), time.perf_counter(), Ending()
    try:
        yield ending
    finally:
        if not quiet or ending.outcome not in (DONE, NOT_DONE):
            fields = {
                "request_id": who.request_id if who else None,
                "handler": handler.lstrip("_"),
                "outcome": ending.outcome,
                "seconds": round(time.perf_counter() - started, 4),
                "actor": who.kind if who else None,
            }
            log.info("page", extra={"fields": fields})
