"""Storing samples of any number of people, inside a transaction that the caller began for writing.

The number of statements does not depend on that of the people: in bulk enrollment they are what costs.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from facenet_app.gallery.rows import NewSample, new_id
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
    drafts = [sample.draft for _, new in people for sample in new]
    _refuse_drafts(connection, drafts)
    agreed = consent_columns(consent, now)
    known = find_people(connection, [name for name, _ in people])
    owners = {key: person.id for key, person in known.items()}
    basis.refuse_outdated(connection, owners, [draft.embedding for draft in drafts])
    for person in known.values():
        refuse_expired(person, consent, now)
    if agreed:
        known = {key: change_consent(connection, person.name, agreed) for key, person in known.items()}
    created = _create(connection, [name for name, _ in people if name_key(name) not in known], agreed, now)
    everybody = {**known, **created}
    whose = [everybody[name_key(name)] for name, _ in people]
    rows = [
        {**sample.columns, "identity_id": owner.id, "enrolled_at": now}
        for owner, (_, new) in zip(whose, people, strict=True)
        for sample in new
    ]
    insert_samples(connection, rows)
    counts = [(owner.id, len(new)) for owner, (_, new) in zip(whose, people, strict=True)]
    record_each(connection, AuditAction.ENROLL if basis.gated else AuditAction.ENROLL_UNGATED, counts)
    added = Counter(row["identity_id"] for row in rows)
    now_there = [replace(owner, samples=owner.samples + added[owner.id]) for owner in whose]
    return [
        (owner, tuple(sample.stored(owner.id, now) for sample in new))
        for owner, (_, new) in zip(now_there, people, strict=True)
    ]


def _create(
    connection: Connection, names: Sequence[str], agreed: Mapping[str, Any], now: datetime
) -> dict[str, Identity]:
    """New people by the keys of their names; the same name may come again."""
    created: dict[str, Identity] = {}
    for name in names:
        created.setdefault(name_key(name), Identity(new_id(), name, 0, now, **agreed))
    if created:
        cipher = cipher_of(connection)
        rows = [
            {"id": person.id, "name": person.name, "name_key": key, "enrolled_at": now, **agreed}
            for key, person in created.items()
        ]
        connection.execute(insert(identities), [cipher.sealed(row) for row in rows])
    return created


def _refuse_drafts(connection: Connection, drafts: Sequence[SampleDraft]) -> None:
    """Raise ModelMismatch if an embedding is not of the gallery's model, and DuplicateSample if a picture
    is enrolled already, or is twice among these.
    """
    cipher = cipher_of(connection)
    digests = [draft.content_sha256 for draft in drafts]
    stored = [cipher.lookup_digest(digest) for digest in digests]
    there = select(samples.c.id).where(samples.c.content_sha256.in_(stored)).exists()
    # One statement: others wait.
    header = connection.execute(select(gallery.c.model, gallery.c.fingerprint, there.label("twice"))).one()
    for draft in drafts:
        if draft.embedding.fingerprint != header.fingerprint:
            raise ModelMismatch(
                f"the gallery holds embeddings of model {header.model} ({header.fingerprint}), "
                f"not of {draft.embedding.fingerprint}",
                "run `facenet-app gallery reembed`, or start again with the gallery's model and settings",
            )
    if header.twice or len(set(digests)) < len(digests):
        raise DuplicateSample("one of these pictures is enrolled already", "leave it out")
