"""Consent, its end, and the audit trail of a gallery: the part of the store that privacy needs."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from facenet_app.domain import AuditAction, AuditTrail, Consent, Identity
from facenet_app.errors import GalleryError
from facenet_app.gallery.audit import read_trail
from facenet_app.gallery.changes import delete_person
from facenet_app.gallery.consent import change_consent, consent_columns, expired_people
from facenet_app.gallery.database import Database

__all__ = ["Clock", "Upkeep", "utc_now"]

Clock = Callable[[], datetime]
"""The time now, with a zone. Tests give their own."""


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Upkeep:
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too.

    Args:
        database: the gallery.
        clock: decides who has expired.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def set_consent(self, name: str, consent: Consent, *, forever: bool = False) -> Identity:
        """Change the note or the end of a person's consent; ``forever`` takes the end away.

        Raises:
            IdentityNotFound: nobody is called ``name``.
            UsageError: the new end has passed, or the note cannot be one.
        """
        columns = consent_columns(consent, self._clock())
        if forever:
            columns["expires_at"] = None
        with self._database.writing() as connection:
            return change_consent(connection, name, columns)

    def expired(self) -> list[Identity]:
        """Everybody whose consent has expired: no search finds them."""
        with self._database.reading() as connection:
            return expired_people(connection, self._clock())

    def purge(self) -> list[Identity]:
        """Remove everybody whose consent has expired, as ``remove`` does; returns who it was.

        Raises:
            GalleryError: they are removed, but the bytes could not be wiped yet.
        """
        with self._database.writing() as connection:
            gone = expired_people(connection, self._clock())
            for person in gone:
                delete_person(connection, person, AuditAction.PURGE)
        if gone:
            self._wipe(f"{len(gone)} people were removed")
        return gone

    def audit(self) -> AuditTrail:
        """Who changed what and when, oldest first, and whether the trail is whole."""
        with self._database.reading() as connection:
            return read_trail(connection)

    def _wipe(self, done: str) -> None:
        """Wipe what was removed.

        Raises:
            GalleryError: it could not be done; the message says that ``done`` is.
        """
        try:
            self._database.wipe()
        except GalleryError as error:
            raise GalleryError(
                f"{done}, but traces may be left in the file ({error.message})",
                "run `facenet-app gallery check` later, which wipes them",
            ) from error

    def _wipe_if_possible(self) -> None:
        """Wipe what was overwritten, such as an old name. If others prevent it, ``check`` says so, and
        whoever opens the gallery next tries again.
        """
        with suppress(GalleryError):
            self._database.wipe()
