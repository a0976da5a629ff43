"""Consent and its end, inside a transaction of the caller.

Somebody whose consent has expired is still in the gallery, until ``gallery purge``, but no search
finds them, and nothing is added to them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from facenet_app.domain import AuditAction, Consent, Identity
from facenet_app.errors import ConsentExpired, UsageError
from facenet_app.gallery.audit import record
from facenet_app.gallery.changelog import log_renamed
from facenet_app.gallery.lookup import get_person
from facenet_app.gallery.names import checked_note
from facenet_app.gallery.rows import identity_from, select_identities
from facenet_app.gallery.schema import identities
from facenet_app.gallery.sealing import cipher_of

__all__ = [
    "change_consent",
    "consent_columns",
    "expired_between",
    "expired_people",
    "refuse_expired",
    "unexpired",
]


def consent_columns(consent: Consent, now: datetime) -> dict[str, Any]:
    """What to store of a consent: those columns that it says something of.

    Raises:
        UsageError: its end has passed, or the note is too long or holds what cannot be seen.
    """
    columns: dict[str, Any] = {}
    if consent.note is not None:
        columns["consent"] = checked_note(consent.note)
    if consent.expires_at is not None:
        if consent.expires_at <= now:
            raise UsageError(
                f"the consent would have expired on {consent.expires_at:%Y-%m-%d} already",
                "give a date to come",
            )
        columns["expires_at"] = consent.expires_at
    return columns


def refuse_expired(person: Identity, consent: Consent, now: datetime) -> None:
    """Do nothing if more may be stored of this person.

    Raises:
        ConsentExpired: their consent has expired, and this one does not say until when it holds now.
    """
    if person.expires_at is not None and person.expires_at <= now and consent.expires_at is None:
        raise ConsentExpired(
            f"the consent of {person.name!r} expired on {person.expires_at:%Y-%m-%d}",
            "give a new date with --expires, or remove them with `facenet-app gallery purge`",
        )


def change_consent(connection: Connection, name: str, columns: dict[str, Any]) -> Identity:
    """Store what :func:`consent_columns` says of a person, who may be found again then.

    Raises:
        IdentityNotFound: nobody is called ``name``.
    """
    person = get_person(connection, name)
    if columns:
        stored = cipher_of(connection).sealed({**columns, "id": person.id})
        connection.execute(update(identities).where(identities.c.id == person.id).values(stored))
        log_renamed(connection, person.id)  # whoever searches reads the person anew
        record(connection, AuditAction.CONSENT, person.id)
    return get_person(connection, name)


def expired_people(connection: Connection, now: datetime) -> list[Identity]:
    """Everybody whose consent has expired, by id."""
    query = select_identities().where(identities.c.expires_at <= now).order_by(identities.c.id)
    cipher = cipher_of(connection)
    return [identity_from(row, cipher) for row in connection.execute(query)]


def unexpired(now: datetime) -> ColumnElement[bool]:
    """The condition that a person in ``identities`` may be found."""
    return identities.c.expires_at.is_(None) | (identities.c.expires_at > now)


def expired_between(connection: Connection, since: datetime, until: datetime) -> Sequence[str]:
    """Ids of those whose consent ended after ``since`` and not after ``until``."""
    ended = (identities.c.expires_at > since) & (identities.c.expires_at <= until)
    return connection.execute(select(identities.c.id).where(ended)).scalars().all()
