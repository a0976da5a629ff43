"""The audit trail: written in the transaction of the change, chained so that an edit shows.

Each entry's digest covers the digest of the one before (:meth:`AuditEntry.follows`), and the
gallery's header notes the last one and how many there are. So an entry that is changed, left out or
put in between does not fit, and neither does a trail that ends early. Whoever can write to the
database *and* computes everything anew is not stopped; a head noted elsewhere finds that out.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from facenet_app.domain import AuditAction, AuditEntry, AuditTrail
from facenet_app.domain.audit import NO_HEAD
from facenet_app.gallery.actor import current_author
from facenet_app.gallery.schema import audit, gallery

__all__ = ["broken_chain", "read_trail", "record", "record_each"]


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
    _append(
        connection, [{"action": action, "identity_id": identity_id, "other_id": other_id, "samples": samples}]
    )


def record_each(
    connection: Connection,
    action: AuditAction,
    people: Iterable[tuple[str, int]],
    source_sha256: str | None = None,
) -> None:
    """As :func:`record`, an entry for each person's id with the number of samples.

    ``source_sha256`` is the digest of the file that they come from.
    """
    _append(
        connection,
        [
            {
                "action": action,
                "identity_id": person,
                "other_id": None,
                "samples": samples,
                "source_sha256": source_sha256,
            }
            for person, samples in people
        ],
    )


def _append(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> None:
    header = connection.execute(select(gallery.c.audit_entries, gallery.c.audit_head)).one()
    number, head = header.audit_entries, header.audit_head
    author, now, rows = current_author(), datetime.now(UTC), []
    for what in entries:
        number += 1
        entry = AuditEntry(
            number=number,
            at=now,
            actor=author.name,
            action=what["action"].value,
            identity_id=what["identity_id"],
            other_id=what["other_id"],
            samples=what["samples"],
            request_id=author.request_id,
            digest="",
            source_sha256=what.get("source_sha256"),
        )
        head = entry.follows(head)
        rows.append({column.name: getattr(entry, column.name) for column in audit.c} | {"digest": head})
    connection.execute(insert(audit), rows)
    connection.execute(update(gallery).values(audit_entries=number, audit_head=head))


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
