"""The part of the store that looks up who is enrolled, and with which samples."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from facenet_app.domain import Embedding, Identity, Sample
from facenet_app.errors import GalleryError, IdentityNotFound
from facenet_app.gallery.cipher import PLAIN
from facenet_app.gallery.header import Header
from facenet_app.gallery.lookup import find_people, find_person, get_person, one_person, owners_of
from facenet_app.gallery.names import name_key
from facenet_app.gallery.rows import identity_from, sample_from, select_identities, vector_from_bytes
from facenet_app.gallery.sample_rows import select_samples
from facenet_app.gallery.schema import identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["People"]


class People(Header):
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too."""

    def find(self, name: str) -> Identity | None:
        """The person called ``name``, or None."""
        return self._database.read(lambda connection: find_person(connection, name))

    def find_people(self, names: Sequence[str]) -> dict[str, Identity]:
        """Those of the people with these names who are enrolled, by the name as it was given."""
        found = self._database.read(lambda connection: find_people(connection, names))
        return {name: found[name_key(name)] for name in names if name_key(name) in found}

    def get(self, name: str) -> Identity:
        """The person called ``name``.

        Raises:
            IdentityNotFound: nobody is; the hint has names that are spelled alike.
        """
        return self._database.read(lambda connection: get_person(connection, name))

    def with_id(self, identity_id: str) -> Identity:
        """The person of an id.

        Raises:
            IdentityNotFound: there is none.
        """
        found = self._database.read(lambda connection: one_person(connection, identities.c.id == identity_id))
        if found is None:
            raise IdentityNotFound(
                "nobody with this id is enrolled", "look at the list of everybody enrolled"
            )
        return found

    def identities(self) -> list[Identity]:
        """Everybody enrolled, by name."""
        query = select_identities().order_by(identities.c.name_key)

        def look(connection: Connection) -> list[Identity]:
            cipher = cipher_of(connection)
            people = [identity_from(row, cipher) for row in connection.execute(query)]
            if cipher is not PLAIN:  # the keys of encrypted names are in no order
                people.sort(key=lambda person: name_key(person.name))
            return people

        return self._database.read(look)

    def samples(self, identity_id: str) -> list[Sample]:
        """The samples of one person with embeddings and crops, oldest first; empty for an unknown id."""
        return self._samples(samples.c.identity_id == identity_id)

    def sample(self, sample_id: str) -> Sample:
        """One sample with its embedding and crop.

        Raises:
            GalleryError: there is none with this id.
        """
        found = self._samples(samples.c.id == sample_id)
        if not found:
            raise GalleryError(
                f"there is no sample {sample_id}", "run `facenet-app gallery show NAME` for the ids"
            )
        return found[0]

    def _samples(self, condition: ColumnElement[bool]) -> list[Sample]:
        query = select_samples().where(condition).order_by(samples.c.number)

        def look(connection: Connection) -> list[Sample]:
            cipher = cipher_of(connection)
            return [sample_from(row, cipher) for row in connection.execute(query).mappings()]

        return self._database.read(look)

    def embeddings(self, identity_id: str) -> list[Embedding]:
        """The embeddings of one person's samples, oldest first; empty for an unknown id."""
        columns = select(samples.c.id, samples.c.embedding, samples.c.dimension, samples.c.fingerprint)
        query = columns.where(samples.c.identity_id == identity_id).order_by(samples.c.number)

        def look(connection: Connection) -> list[Embedding]:
            cipher = cipher_of(connection)
            return [
                Embedding(
                    vector_from_bytes(cipher.vector(row.embedding, row.id), row.dimension), row.fingerprint
                )
                for row in connection.execute(query)
            ]

        return self._database.read(look)

    def owners_of(self, digests: Sequence[str]) -> dict[str, str]:
        """Names of the people for whom pictures are enrolled, by the digest of the decoded picture
        (``content_sha256``) or of the file (``file_sha256``); digests of no enrolled picture are left out.
        """
        if not digests:
            return {}
        return self._database.read(lambda connection: owners_of(connection, digests))
