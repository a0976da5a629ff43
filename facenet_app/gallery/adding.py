"""Storing samples of any number of people, inside a transaction that the caller began for writing.

The number of statements does not depend on that of the people: in bulk enrollment they are what costs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from facenet_app.domain import AuditAction, Consent, Identity, Sample, SampleDraft
from facenet_app.errors import DuplicateSample, ModelMismatch
from facenet_app.gallery.audit import record_each
from facenet_app.gallery.basis import WHOEVER, Basis
from facenet_app.gallery.consent import change_consent, consent_columns, refuse_expired
from facenet_app.gallery.lookup import find_people
from facenet_app.gallery.names import name_key
from facenet_app.gallery.rows import NewSample, identity_from, new_id, select_identities
from facenet_app.gallery.sample_rows import insert_samples
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["add_people"]

Added = tuple[Identity, tuple[Sample, ...]]


def add_people(
    connection: Connection,
    people: Sequence[tuple[str, Sequence[NewSample]]],
    consent: Consent,
    now: datetime,
    basis: Basis = WHOEVER,
) -> list[Added]:
    """Store samples of people (checked names), who are created if new; the same name may come again.

    Raises:
        ConsentExpired, DecisionOutdated, DuplicateSample, ModelMismatch, UsageError: see
            :meth:`facenet_app.gallery.store.GalleryStore.add`.
    """
    every = [sample for _, new in people for sample in new]
    _refuse_other_models(connection, [sample.draft for sample in every])
    _refuse_duplicates(connection, [sample.draft.content_sha256 for sample in every])
    agreed = consent_columns(consent, now)
    known = find_people(connection, [name for name, _ in people])
    owners = {key: person.id for key, person in known.items()}
    basis.refuse_outdated(connection, owners, [sample.draft.embedding for sample in every])
    for person in known.values():
        refuse_expired(person, consent, now)
        if agreed:
            change_consent(connection, person.name, agreed)
    created: list[dict[str, Any]] = []
    for name, _ in people:
        if (key := name_key(name)) not in owners:
            owners[key] = new_id()
            created.append({"id": owners[key], "name": name, "name_key": key, "enrolled_at": now, **agreed})
    whose = [owners[name_key(name)] for name, _ in people]
    rows = [
        {**sample.columns, "identity_id": owner, "enrolled_at": now}
        for owner, (_, new) in zip(whose, people, strict=True)
        for sample in new
    ]
    if created:
        cipher = cipher_of(connection)
        connection.execute(insert(identities), [cipher.sealed(person) for person in created])
    insert_samples(connection, rows)
    counts = [len(new) for _, new in people]
    action = AuditAction.ENROLL if basis.gated else AuditAction.ENROLL_UNGATED
    record_each(connection, action, zip(whose, counts, strict=True))
    stored = _identities(connection, set(whose))
    return [
        (stored[owner], tuple(sample.stored(owner, now) for sample in new))
        for owner, (_, new) in zip(whose, people, strict=True)
    ]


def _identities(connection: Connection, ids: set[str]) -> dict[str, Identity]:
    cipher = cipher_of(connection)
    query = select_identities().where(identities.c.id.in_(ids))
    return {row.id: identity_from(row, cipher) for row in connection.execute(query)}


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
