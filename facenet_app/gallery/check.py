"""``gallery check``: what is wrong with a gallery, as findings with stable codes."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np
from sqlalchemy import Connection, RowMapping, func, select

from facenet_app.domain import Finding
from facenet_app.errors import GalleryError, WrongKey
from facenet_app.gallery.audit import read_trail
from facenet_app.gallery.cipher import Cipher
from facenet_app.gallery.database import Database
from facenet_app.gallery.rows import crop_from_png, is_unit, vector_from_bytes
from facenet_app.gallery.sample_rows import select_samples
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["check_gallery"]

_RESTORE: Final = (
    "restore a backup copy with `facenet-app gallery restore`, "
    "or save what can be read with `facenet-app gallery salvage`"
)
_AGAIN: Final = "remove the person and enroll them again, or run `facenet-app gallery reembed`"

_SAMPLE_FAULTS: Final = {
    "damaged_embedding": ("{n} samples have an embedding that cannot be read back", _AGAIN),
    "not_finite": ("{n} samples have an embedding with a number that is not finite", _AGAIN),
    "not_unit": ("{n} samples have an embedding whose length is not 1", _AGAIN),
    "other_model": (
        "{n} samples have an embedding of another model, and are never found",
        "run `facenet-app gallery reembed`",
    ),
    "no_crop": (
        "{n} samples have no crop, so another model cannot embed them again",
        "enroll these people again before you change the model",
    ),
    "damaged_crop": (
        "{n} samples have a crop that cannot be decoded",
        "remove the person and enroll them again",
    ),
}
"""What is looked for in every sample: code -> sentence and suggestion."""


def check_gallery(database: Database) -> list[Finding]:
    """Everything that is wrong; see :meth:`facenet_app.gallery.store.GalleryStore.check`.

    Codes: ``damaged_file``, ``broken_reference``, ``no_samples``, ``traces_left``,
    ``broken_audit``, ``open_to_others``, ``locked``, ``damaged_name``, and those of samples above.
    """
    try:
        findings = database.read(lambda connection: [*database.damages(connection), *_tables(connection)])
    except GalleryError as error:
        findings = [Finding("damaged_file", f"the file cannot be read through ({error.message})", _RESTORE)]
    return [*findings, *database.exposures()]


def _tables(connection: Connection) -> Iterator[Finding]:
    yield from _people(connection)
    yield from _values(connection)
    yield from _traces(connection)
    yield from _audit(connection)


def _people(connection: Connection) -> Iterator[Finding]:
    owners = select(samples.c.identity_id)
    query = select(func.count()).select_from(identities).where(identities.c.id.not_in(owners))
    empty = connection.execute(query).scalar_one()
    if empty:
        yield Finding(
            "no_samples",
            f"{empty} people have no sample, so they are never found",
            "see who with `facenet-app gallery list`, then enroll or remove them",
        )


def _values(connection: Connection) -> Iterator[Finding]:
    """What an encrypted gallery shows only to whoever has its key."""
    try:
        cipher = cipher_of(connection)
    except WrongKey as error:
        yield Finding("locked", f"the samples could not be looked at: {error.message}", error.hint)
        return
    yield from _names(connection, cipher)
    yield from _samples(connection, cipher)


def _names(connection: Connection, cipher: Cipher) -> Iterator[Finding]:
    damaged = 0
    for row in connection.execute(
        select(identities.c.id, identities.c.name, identities.c.consent)
    ).mappings():
        try:
            cipher.opened(row)
        except ValueError:
            damaged += 1
    if damaged:
        yield Finding(
            "damaged_name", f"{damaged} people have a name or a note that cannot be read back", _RESTORE
        )


def _samples(connection: Connection, cipher: Cipher) -> Iterator[Finding]:
    fingerprint = connection.execute(select(gallery.c.fingerprint)).scalar_one()
    common = select(samples.c.dimension).group_by(samples.c.dimension).order_by(func.count().desc()).limit(1)
    dimension = connection.execute(common).scalar()
    faulty: dict[str, list[str]] = defaultdict(list)
    rows = connection.execute(select_samples().order_by(samples.c.number).execution_options(yield_per=100))
    for row in rows.mappings():
        for code in _sample_faults(row, cipher, fingerprint, dimension):
            faulty[code].append(row["id"])
    for code, (sentence, suggestion) in _SAMPLE_FAULTS.items():
        if ids := faulty[code]:
            yield Finding(code, sentence.format(n=len(ids)), suggestion, tuple(ids))


def _sample_faults(row: RowMapping, cipher: Cipher, fingerprint: str, dimension: int | None) -> Iterator[str]:
    if row["fingerprint"] != fingerprint:
        yield "other_model"
    if fault := _embedding_fault(cipher, row, dimension):
        yield fault
    if row["crop"] is None:
        yield "no_crop"
        return
    try:
        crop_from_png(cipher.opened({"id": row["id"], "crop": row["crop"]})["crop"], row["alignment"])
    except ValueError:
        yield "damaged_crop"


def _embedding_fault(cipher: Cipher, row: RowMapping, dimension: int | None) -> str | None:
    try:
        vector = vector_from_bytes(cipher.vector(row["embedding"], row["id"]), dimension)
    except ValueError:
        return "damaged_embedding"
    if not np.isfinite(vector).all():
        return "not_finite"
    return None if is_unit(vector[np.newaxis]).all() else "not_unit"


def _traces(connection: Connection) -> Iterator[Finding]:
    if connection.execute(select(gallery.c.unwiped_revision)).scalar_one() is not None:
        yield Finding(
            "traces_left",
            "somebody was removed while other programs kept the file busy, and traces may be left in it",
            "run any `facenet-app gallery` command while no other program uses the gallery",
        )


def _audit(connection: Connection) -> Iterator[Finding]:
    faults = read_trail(connection).faults
    if faults:
        yield Finding(
            "broken_audit",
            f"the audit trail is not what was written: {faults[0]}",
            "see all of it with `facenet-app gallery audit`, and compare it with a backup copy",
        )
