"""Removing somebody, or one sample, so that it can be put back as it was: inside a transaction.

What was removed is in the memory of whoever holds the result, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from facenet_app.domain import AuditAction, Identity
from facenet_app.errors import DuplicateSample, GalleryError, IdentityExists, IdentityNotFound, UsageError
from facenet_app.gallery.changes import add_arrivals, add_samples, delete_person, delete_sample
from facenet_app.gallery.lookup import find_person, get_person, one_person, owners_of
from facenet_app.gallery.names import name_key
from facenet_app.gallery.sample_rows import select_samples
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["TakenOut", "put_back", "take_out"]

Columns = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class TakenOut:
    """Who was removed, or of whom one sample was, and everything that was stored of that, readable.

    ``columns`` are the person's, None if the person stayed; ``rows`` those of each sample, with its crop.
    """

    person: Identity
    columns: Columns | None = field(repr=False)
    rows: tuple[Columns, ...] = field(repr=False)

    @property
    def everything(self) -> bool:
        """Whether the person went, and not one sample alone."""
        return self.columns is not None


def take_out(connection: Connection, name: str, sample_id: str | None = None) -> TakenOut:
    """Remove a person, or one sample of theirs.

    Raises:
        IdentityNotFound, GalleryError, UsageError: see
            :meth:`facenet_app.gallery.undoing.Undoing.take_out`.
    """
    person = get_person(connection, name)
    cipher = cipher_of(connection)
    which = samples.c.identity_id == person.id
    if sample_id is not None:
        which &= samples.c.id == sample_id
    found = connection.execute(select_samples().where(which).order_by(samples.c.number)).mappings()
    rows = tuple(_without_place(cipher.opened(row)) for row in found)
    if sample_id is None:
        stored = connection.execute(select(identities).where(identities.c.id == person.id)).mappings().one()
        columns = {**cipher.opened(stored), "name_key": name_key(person.name)}  # a key stays sealed
        delete_person(connection, person)
        return TakenOut(person, columns, rows)
    if not rows:
        raise GalleryError("this picture is not there any more", "look at the person again")
    if person.samples == 1:
        raise UsageError("this is the only picture of the person", "remove the person instead")
    delete_sample(connection, person.id, sample_id)
    return TakenOut(person, None, rows)


def put_back(connection: Connection, taken: TakenOut) -> Identity:
    """Undo :func:`take_out`.

    Raises:
        IdentityExists, IdentityNotFound, DuplicateSample, GalleryError: see
            :meth:`facenet_app.gallery.undoing.Undoing.put_back`.
    """
    _refuse_what_does_not_fit(connection, taken.rows)
    person = taken.person
    there = one_person(connection, identities.c.id == person.id)
    if taken.columns is not None:
        if there is not None or find_person(connection, person.name) is not None:
            raise IdentityExists(
                f"somebody called {person.name!r} was enrolled meanwhile",
                "give that person another name, then undo again",
            )
        add_arrivals(connection, [(taken.columns, taken.rows)], AuditAction.UNDO_REMOVE)
    elif there is not None:
        add_samples(connection, person.id, taken.rows, AuditAction.UNDO_REMOVE)
    else:
        raise IdentityNotFound(
            f"{person.name!r} was removed meanwhile, or became part of somebody else",
            "enroll the picture again",
        )
    stored = one_person(connection, identities.c.id == person.id)
    assert stored is not None  # it is of this transaction
    return stored


def _without_place(row: Columns) -> Columns:
    """All columns of a sample but those that say where it stood, and whose it was."""
    return {name: value for name, value in row.items() if name not in ("number", "identity_id")}


def _refuse_what_does_not_fit(connection: Connection, rows: Sequence[Columns]) -> None:
    model = connection.execute(select(gallery.c.fingerprint)).scalar_one()
    if any(row["fingerprint"] != model for row in rows):
        raise GalleryError(
            "the gallery was bound to another model meanwhile", "enroll the pictures again with that model"
        )
    if owners_of(connection, [row["content_sha256"] for row in rows]):
        raise DuplicateSample("one of the pictures was enrolled again meanwhile", "leave it as it is")
