"""Storing incoming people: all of them in one transaction, or nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from sqlalchemy import Column, Connection, select

from facenet_app.domain import AuditAction, Place
from facenet_app.errors import GalleryError, ModelMismatch
from facenet_app.gallery.binding import bind_empty, refuse_other_model
from facenet_app.gallery.changes import Arrival, add_arrivals, delete_person
from facenet_app.gallery.database import Database
from facenet_app.gallery.incoming import Incoming, IncomingSample
from facenet_app.gallery.lookup import one_person
from facenet_app.gallery.merge import MergePlan, OnConflict, Present, Step, plan_merge
from facenet_app.gallery.names import name_key
from facenet_app.gallery.points import keep_points
from facenet_app.gallery.reembed import Embed
from facenet_app.gallery.rows import crop_from_png, is_unit, new_id, quality_columns, vector_to_bytes
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["embedded_anew", "merge_in", "would_merge"]

Progress = Callable[[int, int], None]

_ASKED_AT_ONCE: Final = 500
"""Values of one query: databases have limits."""
_EMBEDDED_AT_ONCE: Final = 32
_STORED_AT_ONCE: Final = 200


def would_merge(database: Database | None, incoming: Incoming, rule: OnConflict) -> MergePlan:
    """What :func:`merge_in` would do; ``None`` stands for a gallery that is not there yet.

    Raises:
        ModelMismatch: the gallery holds embeddings of another model.
    """
    if database is None:
        return plan_merge(incoming.people, Present(), rule, new_id)

    def look(connection: Connection) -> MergePlan:
        _refuse_other_model(connection, database.place, incoming)
        return plan_merge(incoming.people, _present(connection, incoming), rule, new_id)

    return database.read(look)


def merge_in(
    database: Database, incoming: Incoming, rule: OnConflict, progress: Progress | None = None
) -> MergePlan:
    """Store incoming people with their ids, names and times, in one transaction. Wiping those who
    were replaced is left to the caller.

    Others read meanwhile what was there before; writers wait, 10 seconds at most.

    Args:
        database: of the gallery; one without samples is bound to the model of the incoming ones.
        incoming: checked wholly before.
        rule: for those whose id or name is there already.
        progress: called with the number of samples stored, and their number in all.

    Raises:
        ModelMismatch: the gallery holds embeddings of another model.
        ArchiveRefused: the archive was changed since it was checked.
        GalleryError: the gallery cannot be written.
    """

    def store(connection: Connection) -> MergePlan:
        _refuse_other_model(connection, database.place, incoming)
        if connection.execute(select(gallery.c.fingerprint)).scalar_one() != incoming.fingerprint:
            bind_empty(connection, database.place, incoming.model, incoming.fingerprint)
        plan = plan_merge(incoming.people, _present(connection, incoming), rule, new_id)
        for identity_id in sorted(plan.gone):
            person = one_person(connection, identities.c.id == identity_id)
            assert person is not None  # the plan is of this transaction
            delete_person(connection, person)
        done, total = 0, plan.counts()["samples"]
        for steps in _lots(plan.stored):
            arrivals = [_arrival(step, incoming) for step in steps]
            add_arrivals(connection, arrivals, AuditAction.IMPORT, incoming.source_sha256)
            done += sum(len(rows) for _, rows in arrivals)
            if progress is not None:
                progress(done, total)
        keep_points(connection, incoming.points, replace=rule is OnConflict.REPLACE)
        return plan

    return database.write(store)


def embedded_anew(
    incoming: Incoming, model: str, fingerprint: str, embed: Embed, progress: Progress | None = None
) -> Incoming:
    """The same people with the embeddings that another model gives for their crops.

    Raises:
        GalleryError: a sample has no crop, or ``embed`` gave something else than unit vectors.
    """
    found = incoming.samples
    crops = [each.crop for each in found if each.crop is not None]
    if len(crops) < len(found):
        raise GalleryError(
            f"{len(found) - len(crops)} of {len(found)} samples have no crop to embed again, "
            "so nothing was changed",
            "import them into a gallery of their own model",
        )
    vectors = []
    for start in range(0, len(crops), _EMBEDDED_AT_ONCE):
        some = [
            crop_from_png(each.read(), each.alignment) for each in crops[start : start + _EMBEDDED_AT_ONCE]
        ]
        vectors.append(embed(some))
        if len(vectors[-1]) != len(some) or not is_unit(vectors[-1]).all():
            raise GalleryError(
                "the model gave something else than an embedding for each face",
                "check the model with `facenet-app doctor`",
            )
        if progress is not None:
            progress(start + len(some), len(crops))
    together = np.concatenate(vectors) if vectors else np.empty((0, 0), np.float32)
    return replace(incoming, model=model, fingerprint=fingerprint, vectors=together)


def _refuse_other_model(connection: Connection, place: Place, incoming: Incoming) -> None:
    try:
        refuse_other_model(connection, place, incoming.model, incoming.fingerprint)
    except ModelMismatch as error:
        raise ModelMismatch(
            f"{error.message}, which made what is to be imported",
            "add --reembed to embed the stored pictures with the gallery's model, "
            "or import into a new gallery with --gallery",
        ) from error
    held = connection.execute(select(samples.c.dimension).limit(1)).scalar()
    if held is not None and len(incoming.vectors) and held != incoming.vectors.shape[1]:
        raise ModelMismatch(
            f"the gallery's embeddings have {held} dimensions, and those to be imported "
            f"{incoming.vectors.shape[1]}",
            "check which model made them",
        )


def _present(connection: Connection, incoming: Incoming) -> Present:
    every = incoming.samples
    cipher = cipher_of(connection)
    people = connection.execute(select(identities.c.id, identities.c.name)).mappings()
    digests = {cipher.lookup_digest(each.content_sha256): each.content_sha256 for each in every}
    pictures = _owners(connection, samples.c.content_sha256, list(digests))
    return Present(
        {row["id"]: cipher.opened(row)["name"] for row in people},
        {digests[stored]: owner for stored, owner in pictures.items()},
        _owners(connection, samples.c.id, [each.id for each in every]),
    )


def _owners(connection: Connection, column: Column[str], values: Sequence[str]) -> dict[str, str]:
    """Of these values of a column of samples, those that are there, with the owners' ids."""
    found: dict[str, str] = {}
    for start in range(0, len(values), _ASKED_AT_ONCE):
        some = values[start : start + _ASKED_AT_ONCE]
        query = select(column, samples.c.identity_id).where(column.in_(some))
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _lots(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """People who are stored together: a statement costs more than a row, and crops take memory."""
    lot: list[Step] = []
    samples = 0
    for step in steps:
        lot.append(step)
        samples += len(step.person.samples)
        if samples >= _STORED_AT_ONCE or len(lot) >= _STORED_AT_ONCE:
            yield lot
            lot, samples = [], 0
    if lot:
        yield lot


def _arrival(step: Step, incoming: Incoming) -> Arrival:
    person = step.person
    columns = {
        "id": person.id,
        "name": person.name,
        "name_key": name_key(person.name),
        "enrolled_at": person.enrolled_at,
        "consent": person.consent,
        "expires_at": person.expires_at,
    }
    return columns, [_sample_row(each, incoming) for each in person.samples]


def _sample_row(sample: IncomingSample, incoming: Incoming) -> dict[str, Any]:
    return {
        "id": sample.id,
        "embedding": vector_to_bytes(incoming.vectors[sample.row]),
        "dimension": incoming.vectors.shape[1],
        "fingerprint": incoming.fingerprint,
        **quality_columns(sample.quality),
        "content_sha256": sample.content_sha256,
        "file_sha256": sample.file_sha256,
        "enrolled_at": sample.enrolled_at,
        "alignment": sample.crop.alignment if sample.crop else None,
        "crop": sample.crop.read() if sample.crop else None,
    }
