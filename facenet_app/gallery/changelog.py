"""The change log: what each revision did to the samples, for searches that need not read everything anew.

It is written in the transaction of the change, so whoever sees a revision sees its rows. A row says
*where* something changed; what is true there now stands in the tables, so reading a row twice, or
after later changes, does no harm. Rows never name somebody who was removed: only the numbers of
samples stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, literal, select, update

from facenet_app.gallery.schema import changes, gallery, samples

__all__ = [
    "Change",
    "ChangeKind",
    "changes_after",
    "forget",
    "log_renamed",
    "log_samples",
    "prune",
    "reload_all",
]

MOST_ROWS: Final = 50_000
"""Length of the log; a reader who is farther behind loads everything."""


class ChangeKind(StrEnum):
    """What happened. All but ``RENAMED`` are about one sample."""

    SAMPLE_ADDED = "sample_added"
    SAMPLE_MOVED = "sample_moved"
    """It belongs to somebody else now: two people were made one."""
    SAMPLE_REMOVED = "sample_removed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the log.

    ``sample_number`` is ``samples.number``, which a later sample may bear again once it is removed;
    None for ``RENAMED``. ``identity_id`` is the owner; None for ``SAMPLE_REMOVED``.
    """

    revision: int
    kind: ChangeKind
    identity_id: str | None
    sample_number: int | None


def changes_after(connection: Connection, revision: int) -> Sequence[Change] | None:
    """What happened after a revision, oldest first, or None if the log does not reach back so far:
    it was pruned, or everything changed at once, as in a re-embedding. Then load everything.
    """
    if revision < connection.execute(select(gallery.c.changes_since)).scalar_one():
        return None
    rows = connection.execute(
        select(changes.c.revision, changes.c.kind, changes.c.identity_id, changes.c.sample_number)
        .where(changes.c.revision > revision)
        .order_by(changes.c.number)
    )
    return [Change(row.revision, ChangeKind(row.kind), row.identity_id, row.sample_number) for row in rows]


def log_samples(
    connection: Connection, kind: ChangeKind, which: ColumnElement[bool], owner: str | None = None
) -> None:
    """Note that the samples for which a condition holds were added, are being moved to ``owner``, or
    are being removed: call it before they move or go.
    """
    now = select(gallery.c.revision).scalar_subquery()
    whose = samples.c.identity_id if kind is ChangeKind.SAMPLE_ADDED else literal(owner)
    rows = select(now, literal(kind.value), whose, samples.c.number).where(which).order_by(samples.c.number)
    names = ["revision", "kind", "identity_id", "sample_number"]
    connection.execute(insert(changes).from_select(names, rows))


def log_renamed(connection: Connection, identity_id: str) -> None:
    """Note that a person is called by another name."""
    now = select(gallery.c.revision).scalar_subquery()
    row = {"revision": now, "kind": ChangeKind.RENAMED.value, "identity_id": identity_id}
    connection.execute(insert(changes).values(row))


def forget(connection: Connection, identity_id: str) -> None:
    """Take a person's id out of the log; for the transaction that logs the fate of their samples."""
    connection.execute(delete(changes).where(changes.c.identity_id == identity_id))


def reload_all(connection: Connection) -> None:
    """Note that nothing is as it was: whoever has an older revision loads everything."""
    connection.execute(delete(changes))
    connection.execute(update(gallery).values(changes_since=gallery.c.revision))


def prune(connection: Connection) -> None:
    """Drop what is more than ``MOST_ROWS`` old, and say how far the log reaches back now."""
    old = changes.c.number <= select(func.max(changes.c.number)).scalar_subquery() - MOST_ROWS
    last = connection.execute(select(func.max(changes.c.revision)).where(old)).scalar_one()
    if last is not None:
        connection.execute(delete(changes).where(changes.c.revision <= last))
        connection.execute(update(gallery).values(changes_since=last))
