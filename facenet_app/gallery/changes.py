"""Changing who is enrolled, inside a transaction that the caller began for writing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, update

from facenet_app.domain import AuditAction, Consent, Identity
from facenet_app.errors import IdentityExists
from facenet_app.gallery.audit import record, record_each
from facenet_app.gallery.changelog import ChangeKind, forget, log_renamed, log_samples
from facenet_app.gallery.lookup import find_person, get_person
from facenet_app.gallery.names import name_key
from facenet_app.gallery.sample_rows import insert_samples
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = [
    "NO_NEWS",
    "Arrival",
    "add_arrivals",
    "add_samples",
    "delete_person",
    "delete_sample",
    "rename_person",
]

NO_NEWS: Final = Consent()


Arrival = tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]
"""Somebody with samples as they were elsewhere or before, ids, times and all: columns of ``identities``,
and rows as for :func:`insert_samples`, without the owner."""


def add_arrivals(
    connection: Connection,
    arrivals: Sequence[Arrival],
    action: AuditAction,
    source_sha256: str | None = None,
) -> None:
    """Store one or more people.

    Args:
        connection: of a transaction that writes.
        arrivals: nobody and no sample in the gallery may have their ids, names or digests.
        action: what the audit trail calls it, in an entry for each of them.
        source_sha256: of the file that they come from.
    """
    cipher = cipher_of(connection)
    connection.execute(insert(identities), [cipher.sealed(person) for person, _ in arrivals])
    if rows := [{**row, "identity_id": person["id"]} for person, own in arrivals for row in own]:
        insert_samples(connection, rows)
    record_each(connection, action, [(person["id"], len(own)) for person, own in arrivals], source_sha256)


def add_samples(
    connection: Connection, identity_id: str, rows: Sequence[Mapping[str, Any]], action: AuditAction
) -> None:
    """Store samples of somebody who is there; see :data:`Arrival`."""
    if rows:
        insert_samples(connection, [{**row, "identity_id": identity_id} for row in rows])
    record(connection, action, identity_id, samples=len(rows))


def rename_person(connection: Connection, old: str, new: str, *, merge: bool) -> Identity:
    """Call ``old`` by the checked name ``new``.

    Raises:
        IdentityExists, IdentityNotFound: see :meth:`facenet_app.gallery.store.GalleryStore.rename`.
    """
    person = get_person(connection, old)
    holder = find_person(connection, new)
    if holder is None or holder.id == person.id:
        names = cipher_of(connection).sealed({"id": person.id, "name": new, "name_key": name_key(new)})
        connection.execute(update(identities).where(identities.c.id == person.id).values(names))
        log_renamed(connection, person.id)
        connection.execute(update(gallery).values(unwiped_revision=gallery.c.revision))
        record(connection, AuditAction.RENAME, person.id)
    elif merge:
        theirs = samples.c.identity_id == person.id
        forget(connection, person.id)
        log_samples(connection, ChangeKind.SAMPLE_MOVED, theirs, holder.id)
        connection.execute(update(samples).where(theirs).values(identity_id=holder.id))
        connection.execute(delete(identities).where(identities.c.id == person.id))
        connection.execute(update(gallery).values(unwiped_revision=gallery.c.revision))
        agreed = cipher_of(connection).sealed({**_both(person, holder), "id": holder.id})
        connection.execute(update(identities).where(identities.c.id == holder.id).values(agreed))
        record(connection, AuditAction.MERGE, person.id, other_id=holder.id, samples=person.samples)
    else:
        raise IdentityExists(
            f"somebody called {new!r} is enrolled already",
            "choose another name, or make the two one person with --merge",
        )
    return get_person(connection, new)


def _both(person: Identity, holder: Identity) -> dict[str, Any]:
    """The consent of two who are one person now: the note of the one that stays, and the earlier end."""
    ends = [each.expires_at for each in (person, holder) if each.expires_at is not None]
    note = person.consent if holder.consent is None else holder.consent
    return {"consent": note, "expires_at": min(ends, default=None)}


def delete_person(connection: Connection, person: Identity, action: AuditAction = AuditAction.REMOVE) -> None:
    """Delete a person with every sample, and note that the bytes are still to be wiped."""
    forget(connection, person.id)
    log_samples(connection, ChangeKind.SAMPLE_REMOVED, samples.c.identity_id == person.id)
    connection.execute(delete(identities).where(identities.c.id == person.id))
    connection.execute(update(gallery).values(unwiped_revision=gallery.c.revision))
    record(connection, action, person.id, samples=person.samples)


def delete_sample(connection: Connection, identity_id: str, sample_id: str) -> None:
    """Delete one sample of a person who stays, and note that the bytes are still to be wiped."""
    one = samples.c.id == sample_id
    log_samples(connection, ChangeKind.SAMPLE_REMOVED, one, identity_id)
    connection.execute(delete(samples).where(one))
    connection.execute(update(gallery).values(unwiped_revision=gallery.c.revision))
    record(connection, AuditAction.REMOVE_SAMPLE, identity_id, samples=1)
