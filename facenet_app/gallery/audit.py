"""The audit trail: written in the transaction of the change, chained so that an edit shows.

Each entry's digest covers the digest of the one before (:meth:`AuditEntry.follows`), and the
gallery's header notes the last one and how many there are. So an entry that is changed, left out or
put in between does not fit, and neither does a trail that ends early. Whoever can write to the
database *and* computes everything anew is not stopped; a head noted elsewhere finds that out.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from facenet_app.domain import AuditAction, AuditEntry, AuditTrail
from facenet_app.domain.audit import NO_HEAD
from facenet_app.gallery.actor import current_author
from facenet_app.gallery.schema import audit, gallery

__all__ = ["broken_chain", "read_trail", "record"]


def record(
    connection: Connection,
    action: AuditAction,
    identity_id: str | None = None,
    *,
    other_id: str | None = None,
    samples: int | None = None,
) -> None:
    """Note that the current actor does something, in the transaction in which it is done.

    Args:
        connection: of a transaction that writes, and so the only one.
        action: what is done.
        identity_id: the person whom it is about.
        other_id: whom a merged person becomes part of.
        samples: how many samples it is about.
    """
    header = connection.execute(select(gallery.c.audit_entries, gallery.c.audit_head)).one()
    author = current_author()
    entry = AuditEntry(
        number=header.audit_entries + 1,
        at=datetime.now(UTC),
        actor=author.name,
        action=action.value,
        identity_id=identity_id,
        other_id=other_id,
        samples=samples,
        request_id=author.request_id,
        digest="",
    )
    digest = entry.follows(header.audit_head)
    values = {column.name: getattr(entry, column.name) for column in audit.c}
    connection.execute(insert(audit).values({**values, "digest": digest}))
    connection.execute(update(gallery).values(audit_entries=entry.number, audit_head=digest))


def read_trail(connection: Connection) -> AuditTrail:
    """The whole trail, verified."""
    rows = connection.execute(select(audit).order_by(audit.c.number)).mappings()
    entries = tuple(AuditEntry(**row) for row in rows)
    header = connection.execute(select(gallery.c.audit_entries, gallery.c.audit_head)).one()
    faults = broken_chain(entries, header.audit_entries, header.audit_head)
    return AuditTrail(entries, header.audit_head, tuple(faults))


def broken_chain(entries: Iterable[AuditEntry], expected: int, head: str) -> list[str]:
    """Where a trail is not what was written, as sentences; empty if it is whole.

    Args:
        entries: by number.
        expected: how many there have to be.
        head: the digest that the last one has to have.
    """
    faults = []
    number, digest = 0, NO_HEAD
    for entry in entries:
        number += 1
        if entry.number > number:
            faults.append(f"the entries {number} to {entry.number - 1} are missing")
            number = entry.number
        elif entry.follows(digest) != entry.digest:
            faults.append(f"the entry {number} was changed, or the one before it")
        digest = entry.digest
    if number < expected:
        faults.append(f"the entries after {number} are missing, up to {expected}")
    elif digest != head:
        faults.append("the trail does not end with what the gallery notes as its last entry")
    return faults
