"""Changing who is enrolled, inside a transaction that the caller began for writing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from facenet_app.domain import AuditAction, Consent, Identity, Sample, SampleDraft
from facenet_app.errors import DuplicateSample, IdentityExists, ModelMismatch
from facenet_app.gallery.audit import record
from facenet_app.gallery.changelog import ChangeKind, forget, log_renamed, log_samples
from facenet_app.gallery.consent import change_consent, consent_columns, refuse_expired
from facenet_app.gallery.lookup import find_person, get_person
from facenet_app.gallery.names import name_key
from facenet_app.gallery.rows import NewSample, new_id
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["NO_NEWS", "add_arrival", "add_samples", "delete_person", "rename_person"]

NO_NEWS: Final = Consent()


def add_samples(
    connection: Connection,
    name: str,
    new: Sequence[NewSample],
    consent: Consent = NO_NEWS,
    now: datetime | None = None,
) -> tuple[Identity, tuple[Sample, ...]]:
    """Store samples for the person called ``name`` (a checked name), who is created if new.

    Raises:
        ConsentExpired, DuplicateSample, ModelMismatch, UsageError: see
            :meth:`facenet_app.gallery.store.GalleryStore.add`.
    """
    _refuse_other_models(connection, [sample.draft for sample in new])
    cipher = cipher_of(connection)
    _refuse_duplicates(connection, [sample.draft.content_sha256 for sample in new])
    now = now or datetime.now(UTC)
    agreed = consent_columns(consent, now)
    person = find_person(connection, name)
    owner = person.id if person else new_id()
    if person is None:
        row = {"id": owner, "name": name, "name_key": name_key(name), "enrolled_at": now}
        connection.execute(insert(identities).values(cipher.sealed({**row, **agreed})))
    else:
        refuse_expired(person, consent, now)
        if agreed:
            change_consent(connection, name, agreed)
    both = {"identity_id": owner, "enrolled_at": now}
    last = connection.execute(select(func.coalesce(func.max(samples.c.number), 0))).scalar_one()
    connection.execute(insert(samples), [cipher.sealed({**sample.columns, **both}) for sample in new])
    log_samples(connection, ChangeKind.SAMPLE_ADDED, samples.c.number > last)
    record(connection, AuditAction.ENROLL, owner, samples=len(new))
    return get_person(connection, name), tuple(sample.stored(owner, now) for sample in new)


def add_arrival(connection: Connection, person: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Store somebody with samples as they were elsewhere: ids, times and all.

    Args:
        connection: of a transaction that writes.
        person: columns of ``identities``; nobody may have the id or the name.
        rows: columns of ``samples``, all but the owner; no sample may have their ids or digests.
    """
    last = connection.execute(select(func.coalesce(func.max(samples.c.number), 0))).scalar_one()
    cipher = cipher_of(connection)
    connection.execute(insert(identities).values(cipher.sealed(person)))
    if rows:
        owned = [cipher.sealed({**row, "identity_id": person["id"]}) for row in rows]
        connection.execute(insert(samples), owned)
        log_samples(connection, ChangeKind.SAMPLE_ADDED, samples.c.number > last)
    record(connection, AuditAction.IMPORT, person["id"], samples=len(rows))


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


def _refuse_other_models(connection: Connection, drafts: Sequence[SampleDraft]) -> None:
    """Raise ModelMismatch if an embedding is not of the gallery's model."""
    header = connection.execute(select(gallery)).one()
    for draft in drafts:
        if draft.embedding.fingerprint != header.fingerprint:
            raise ModelMismatch(
                f"the gallery holds embeddings of model {header.model} ({header.fingerprint}), "
                f"not of {draft.embedding.fingerprint}",
                "run `facenet-app gallery reembed`, or start again with the gallery's model and settings",
            )


def _refuse_duplicates(connection: Connection, digests: Sequence[str]) -> None:
    """Raise DuplicateSample if a picture is enrolled already, or is twice among these."""
    cipher = cipher_of(connection)
    stored = [cipher.lookup_digest(digest) for digest in digests]
    there = connection.execute(select(samples.c.id).where(samples.c.content_sha256.in_(stored))).first()
    if there is not None or len(set(digests)) < len(digests):
        raise DuplicateSample("one of these pictures is enrolled already", "leave it out")
