"""The gallery: who is enrolled, with which samples, in a SQLite file or on a PostgreSQL server."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, Row, select

from facenet_app.domain import (
    DEFAULT_RECALL,
    AuditAction,
    Consent,
    Embedding,
    Finding,
    Identity,
    OperatingPoint,
    Place,
    Sample,
    SampleDraft,
    place_of,
)
from facenet_app.errors import GalleryError, IdentityNotFound, UsageError
from facenet_app.gallery.adding import add_people
from facenet_app.gallery.advice import Advice
from facenet_app.gallery.binding import bind_empty, refuse_other_model
from facenet_app.gallery.changes import NO_NEWS, delete_person, rename_person
from facenet_app.gallery.check import check_gallery
from facenet_app.gallery.cipher import PLAIN
from facenet_app.gallery.database import Database
from facenet_app.gallery.load import LoadedIndex, load_index, refresh_index
from facenet_app.gallery.lookup import find_people, find_person, get_person, one_person, owners_of
from facenet_app.gallery.names import checked_name, name_key
from facenet_app.gallery.opening import gallery_file, open_database
from facenet_app.gallery.points import read_points, write_points
from facenet_app.gallery.reembed import Embed, NewModel, reembed_gallery
from facenet_app.gallery.rows import (
    NewSample,
    identity_from,
    sample_from,
    select_identities,
    vector_from_bytes,
)
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of
from facenet_app.gallery.searchable import Searchable
from facenet_app.gallery.upkeep import Clock, utc_now

__all__ = ["GalleryStore"]

NamedDrafts = tuple[str, Sequence[SampleDraft]]


class GalleryStore(Advice):
    """Everybody enrolled, bound to the one model whose embeddings it holds.

    Every method is one transaction, safe to call from several threads, with any number of other
    processes on the same file or server. All of them raise GalleryError if that fails them: damaged,
    locked for too long, disk full, out of reach. Made by :meth:`open`; use it in a ``with``, or close it.
    """

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        super().__init__(database, clock)
        self._loaded: LoadedIndex | None = None
        self._index_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        place: Place | str,
        *,
        model: str,
        fingerprint: str | None,
        recall: float = DEFAULT_RECALL,
        clock: Clock = utc_now,
    ) -> Self:
        """Open the gallery in a file or a PostgreSQL database; a new one is made if there is none.

        Args:
            place: a file, or the address of a database that exists. New files and folders can be read
                by their owner only.
            model: id of the model in use, for a new or empty gallery and for messages.
            fingerprint: of that model; a gallery without samples is bound to it. None opens an
                existing gallery whatever its model, which is for all that needs no model, and for
                re-embedding it.
            recall: see :attr:`facenet_app.settings.Settings.search_recall`.
            clock: decides whose consent has expired.

        Raises:
            UsageError: the address cannot be read.
            ModelMismatch: the gallery holds embeddings of another model.
            GalleryError: the file or database is no gallery, is damaged, cannot be written, is in use for too
                long, or was written by a newer program; or there is none, and ``fingerprint`` is None.
        """
        at = place_of(place) if isinstance(place, str) else place
        store = cls(open_database(at, model=model, fingerprint=fingerprint, recall=recall), clock)
        try:
            if fingerprint is not None:
                store._bind(model, fingerprint)
        except GalleryError:
            store.close()
            raise
        return store

    def _bind(self, model: str, fingerprint: str) -> None:
        self.refuse_other_model(model, fingerprint)  # first, because it need not wait for writers
        if self.fingerprint != fingerprint:
            self._database.write(lambda connection: bind_empty(connection, self.place, model, fingerprint))

    def close(self) -> None:
        """Let go of the file; any use afterwards is a GalleryError."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def place(self) -> Place:
        """Where it is: a file, as an absolute path, or a server, whose address shows no password."""
        return self._database.place

    @property
    def path(self) -> Path:
        """The file, as an absolute path.

        Raises:
            GalleryError: the gallery is on a server.
        """
        return gallery_file(self.place)

    @property
    def model(self) -> str:
        """Id of the model that made the embeddings, as the file says now."""
        return str(self._header().model)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of that model, as the file says now."""
        return str(self._header().fingerprint)

    def refuse_other_model(self, model: str, fingerprint: str) -> None:
        """Do nothing if this model's embeddings can be compared with those here, or there are none.

        Raises:
            ModelMismatch: the gallery holds embeddings of another model, or of this one under other
                settings; the hint names those that differ.
        """
        self._database.read(lambda connection: refuse_other_model(connection, self.place, model, fingerprint))

    def revision(self) -> int:
        """Raised by one in every transaction that writes, by whichever process."""
        return int(self._header().revision)

    def _header(self) -> Row[Any]:
        return self._database.read(lambda connection: connection.execute(select(gallery)).one())

    @staticmethod
    def same_name(first: str, second: str) -> bool:
        """Whether two names are the same person's in this gallery."""
        return name_key(first) == name_key(second)

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
        query = select(samples).where(condition).order_by(samples.c.number)

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

    def owner_of(self, content_sha256: str) -> Identity | None:
        """Who this very picture of a face is enrolled for, or None."""

        def look(connection: Connection) -> Identity | None:
            digest = cipher_of(connection).lookup_digest(content_sha256)
            owner = select(samples.c.identity_id).where(samples.c.content_sha256 == digest)
            return one_person(connection, identities.c.id.in_(owner))

        return self._database.read(look)

    def owners_of(self, digests: Sequence[str]) -> dict[str, str]:
        """Names of the people for whom pictures are enrolled, by the digest of the decoded picture
        (``content_sha256``) or of the file (``file_sha256``); digests of no enrolled picture are left out.
        """
        if not digests:
            return {}
        return self._database.read(lambda connection: owners_of(connection, digests))

    def add(
        self, name: str, drafts: Sequence[SampleDraft], consent: Consent = NO_NEWS, *, ungated: bool = False
    ) -> tuple[Identity, tuple[Sample, ...]]:
        """Store samples for a person, who is created if new: all of them or, on an error, nothing.

        What ``consent`` says replaces what the gallery has of the person's. ``ungated``: the audit trail
        notes that no gate was asked.

        Raises:
            InvalidName: nobody can be called that.
            UsageError: there is no draft, or the consent's end has passed.
            ConsentExpired: the person's consent has, and no new end is given.
            DuplicateSample: one of the pictures is enrolled already.
            ModelMismatch: an embedding is not of the gallery's model.
        """
        (added,) = self.add_people([(name, drafts)], consent, ungated=ungated)
        return added

    def add_people(
        self, people: Sequence[NamedDrafts], consent: Consent = NO_NEWS, *, ungated: bool = False
    ) -> list[tuple[Identity, tuple[Sample, ...]]]:
        """As :meth:`add` for several people: all of them or, on an error, nobody."""
        new = []
        for name, drafts in people:
            if not drafts:
                raise UsageError("there is no sample to store", "give at least one picture of the person")
            # Encodes PNGs: not while others wait.
            new.append((checked_name(name), [NewSample.of(draft) for draft in drafts]))
        if not new:
            return []
        now = self._clock()
        action = AuditAction.ENROLL_UNGATED if ungated else AuditAction.ENROLL
        return self._database.write(lambda connection: add_people(connection, new, consent, now, action))

    def rename(self, old: str, new: str, *, merge: bool = False) -> Identity:
        """Give a person another name; with ``merge``, make them one with whoever has it already.

        The old name is wiped from the file as :meth:`remove` does, unless others prevent it just now.

        Raises:
            IdentityNotFound: nobody is called ``old``.
            IdentityExists: somebody else is called ``new``, and ``merge`` is False.
            InvalidName: nobody can be called ``new``.
        """
        new = checked_name(new)
        person = self._database.write(lambda connection: rename_person(connection, old, new, merge=merge))
        self._wipe_if_possible()
        return person

    def remove(self, name: str) -> Identity:
        """Remove a person with every sample and wipe the bytes from the database; returns who it was.

        Wiping writes a file anew, so it takes time in proportion to the gallery.

        Raises:
            IdentityNotFound: nobody is called ``name``.
            GalleryError: the person is removed, but the bytes could not be wiped yet.
        """

        def delete(connection: Connection) -> Identity:
            person = get_person(connection, name)
            delete_person(connection, person)
            return person

        person = self._database.write(delete)
        self._wipe(f"{person.name!r} was removed")
        return person

    def operating_points(self) -> tuple[OperatingPoint, ...]:
        """The points measured for this gallery and its model, the strictest first; often none."""
        return self._database.read(read_points)

    def set_operating_points(self, points: Sequence[OperatingPoint]) -> None:
        """Keep these points, and none else, for searches in this gallery.

        Raises:
            ModelMismatch: one was measured with another model than the gallery's.
            UsageError: one has no target FMR, because its threshold was given by hand.
        """
        self._database.write(lambda connection: write_points(connection, points))

    def index(self) -> Searchable:
        """Everybody for searching, up to date with what any process wrote before this call.

        All but those whose consent has expired.
        """
        if (searched_there := self._database.index(self._clock())) is not None:
            return searched_there
        with self._index_lock:
            now = self._clock()
            if self._loaded is None:
                self._loaded = load_index(self._database, now)
            else:
                self._loaded = refresh_index(self._database, self._loaded, now)
            return self._loaded.index

    def check(self) -> list[Finding]:
        """What is wrong with the gallery; empty if nothing is. Changes nothing."""
        return check_gallery(self._database)

    def reembed(
        self,
        model: str,
        fingerprint: str,
        embed: Embed,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Compute every embedding anew from the crops and bind the gallery to another model.

        Readers see the old embeddings until all of the new ones are there, and then only those. Stopped
        and called again, it goes on where it was.

        Args:
            model: id of the new model.
            fingerprint: of the new model.
            embed: crops -> float32 (crops, dimension), rows of length 1.
            progress: called with the number of samples done and their number in all.

        Returns:
            The number of samples embedded anew.

        Raises:
            GalleryError: some samples have no crop, or ``embed`` gave something else; the gallery is as
                it was.
        """
        count = reembed_gallery(self._database, NewModel(model, fingerprint, embed), progress)
        self._wipe_if_possible()
        return count
