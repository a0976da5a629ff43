"""Freeing the room of removed rows on a PostgreSQL server."""

from typing import Final

from sqlalchemy import Connection, select, text, update

from facenet_app.gallery.schema import gallery

__all__ = ["hold_wipes_up", "wipe_rows"]

_LOCK: Final = {"lock": 0x7769_7065}
"""Number of the lock of whoever builds an index of the vectors; those who vacuum them share it ("wipe")."""


def hold_wipes_up(connection: Connection) -> None:
    """From now on :func:`wipe_rows` leaves the vectors alone, until the connection gives up its locks."""
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), _LOCK)


def wipe_rows(connection: Connection) -> None:
    """Vacuum every table with something of a person; those of the vectors only if no index of theirs is being
    built, which a vacuum would wait for. Whoever builds calls this again afterwards.

    Args:
        connection: each statement is a transaction.
    """
    unwiped = connection.execute(select(gallery.c.unwiped_revision)).scalar_one()
    connection.execute(text("VACUUM identities, samples, crops, changes"))
    if not connection.execute(text("SELECT pg_try_advisory_lock_shared(:lock)"), _LOCK).scalar_one():
        return
    try:
        connection.execute(text("VACUUM sample_vectors, centroids"))
        done = update(gallery).where(gallery.c.unwiped_revision <= unwiped)
        connection.execute(done.values(unwiped_revision=None))
    finally:
        connection.execute(text("SELECT pg_advisory_unlock_shared(:lock)"), _LOCK)
