"""What became of a transaction whose connection was lost.

The server knows a transaction by its number. One that died may give the number out again after its
recovery, so what the transaction did is looked for, too: the digest of its last entry in the audit trail.
"""

import time
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select, text
from sqlalchemy.exc import DBAPIError

from facenet_app.domain.audit import NO_HEAD
from facenet_app.gallery.schema import audit
from facenet_app.gallery.server_faults import is_unheard_of

__all__ = ["end_backend", "was_committed"]

_PAUSE: Final = 0.05
"""Seconds between two questions."""

_STATUS: Final = select(func.pg_xact_status(text("CAST(:number AS xid8)")))

_END: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid = :backend AND backend_xid = CAST(CAST(:number AS xid8) AS xid)"
)


def was_committed(engine: Engine, begun: Row[Any], head: str, patience: float) -> bool | None:
    """Whether the server kept a transaction although its answer to the commit did not come.

    Args:
        engine: makes connections on which each statement sees what was committed before it.
        begun: ``number`` of the transaction and ``backend``, the id of its server process.
        head: the digest at the end of the audit trail, as the transaction left it.
        patience: seconds for the server to come back.

    Returns:
        None if it did not come back.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with engine.connect() as connection:
                status = connection.execute(_STATUS, {"number": begun.number}).scalar_one()
                if status == "aborted":
                    return False
                if status == "committed":
                    return _has_been(connection, head)
        except DBAPIError as error:
            if is_unheard_of(error.orig):
                return False
        end_backend(engine, begun)  # still in progress: its process has not noticed yet
        time.sleep(_PAUSE)
    return None


def end_backend(engine: Engine, begun: Row[Any]) -> None:
    """End the server process of a connection that was lost, lest it keeps others waiting."""
    with suppress(DBAPIError), engine.connect() as connection:
        connection.execute(_END, {"backend": begun.backend, "number": begun.number})


def _has_been(connection: Connection, head: str) -> bool:
    """Whether this is or was the end of the audit trail."""
    entry = select(audit.c.number).where(audit.c.digest == head)
    return head == NO_HEAD or connection.execute(entry).first() is not None
