"""Consent, its end, and the audit trail of a gallery: the part of the store that privacy needs."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import Connection

from facenet_app.domain import AuditAction, AuditTrail, Consent, Identity
from facenet_app.errors import GalleryError
from facenet_app.gallery.audit import read_trail
from facenet_app.gallery.changes import NO_NEWS, delete_person
from facenet_app.gallery.consent import change_consent, consent_columns, expired_people, refuse_expired
from facenet_app.gallery.database import Database
from facenet_app.gallery.encryption import decrypt, encrypt, is_encrypted, rotate_key
from facenet_app.gallery.keys import GalleryKeys, ScryptCost
from facenet_app.gallery.lookup import find_person
from facenet_app.gallery.sealing import cipher_of

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
        return self._database.write(lambda connection: change_consent(connection, name, columns))

    def refuse_expired(self, name: str, consent: Consent = NO_NEWS) -> None:
        """Do nothing if pictures of the person called ``name``, who may be new, may be stored.

        Raises:
            ConsentExpired: the person's consent has, and ``consent`` gives no new end.
        """
        person = self._database.read(lambda connection: find_person(connection, name))
        if person is not None:
            refuse_expired(person, consent, self._clock())

    def expired(self) -> list[Identity]:
        """Everybody whose consent has expired: no search finds them."""
        return self._database.read(lambda connection: expired_people(connection, self._clock()))

    def purge(self) -> list[Identity]:
        """Remove everybody whose consent has expired, as ``remove`` does; returns who it was.

        Raises:
            GalleryError: they are removed, but the bytes could not be wiped yet.
        """

        def delete(connection: Connection) -> list[Identity]:
            expired = expired_people(connection, self._clock())
            for person in expired:
                delete_person(connection, person, AuditAction.PURGE)
            return expired

        gone = self._database.write(delete)
        if gone:
            self._wipe(f"{len(gone)} people were removed")
        return gone

    def with_keys(self, keys: GalleryKeys) -> Self:
        """Use these keys for what is encrypted; whether they fit is found out when one is needed."""
        self._database.use_keys(keys)
        return self

    def unlock(self, keys: GalleryKeys) -> Self:
        """The same as :meth:`with_keys`, but make sure that they fit.

        Raises:
            WrongKey: the gallery is encrypted, and none of them is its key.
        """
        self._database.use_keys(keys)
        self._database.read(cipher_of)
        return self

    @property
    def encrypted(self) -> bool:
        """Whether a key is needed to read what is in the gallery."""
        return self._database.read(is_encrypted)

    def encrypt(self, keys: GalleryKeys, cost: ScryptCost | None = None) -> None:
        """Encrypt names, notes, embeddings, crops and digests with a new key, and wipe what was readable.

        The store goes on with the key; copies made before stay readable.

        Args:
            keys: a key file or a passphrase, one of them, that opens the gallery from now on.
            cost: of guessing the passphrase.

        Raises:
            UsageError: it is encrypted already, or the keys cannot be used.
            GalleryError: it is on a server, or the bytes could not be wiped yet.
        """
        self._database.write(lambda connection: encrypt(connection, keys, cost))
        self._database.use_keys(keys)
        self._wipe("the gallery was encrypted")

    def rotate_key(self, keys: GalleryKeys, cost: ScryptCost | None = None) -> None:
        """Encrypt everything anew; from now on these keys open the gallery, and the old ones do not.

        Args and errors: as :meth:`encrypt`; UsageError also if it is not encrypted.
        """
        self._database.write(lambda connection: rotate_key(connection, keys, cost))
        self._database.use_keys(keys)
        self._wipe("the key was changed")

    def decrypt(self) -> None:
        """Store everything readable again.

        Raises:
            UsageError: it is not encrypted.
            WrongKey: :meth:`unlock` was not given the key.
        """
        self._database.write(decrypt)
        self._wipe_if_possible()

    def audit(self) -> AuditTrail:
        """Who changed what and when, oldest first, and whether the trail is whole."""
        return self._database.read(read_trail)

    def _wipe(self, done: str) -> None:
        """Wipe what was removed.

        Raises:
            GalleryError: it could not be done; the message says that ``done`` is.
        """
        try:
            self._database.wipe()
        except GalleryError as error:
            raise GalleryError(
                f"{done}, but traces may be left in {self._database.traces} ({error.message})",
                "run `facenet-app gallery check` later, which wipes them",
            ) from error

    def _wipe_if_possible(self) -> None:
        """Wipe what was overwritten, such as an old name. If others prevent it, ``check`` says so, and
        whoever opens the gallery next tries again.
        """
        with suppress(GalleryError):
            self._database.wipe()
