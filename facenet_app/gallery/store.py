"""The gallery: who is enrolled, with which samples, in one SQLite file."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, select

from facenet_app.domain import Consent, Embedding, Finding, Identity, OperatingPoint, Sample, SampleDraft
from facenet_app.errors import GalleryError, IdentityNotFound, UsageError
from facenet_app.gallery.advice import Advice
from facenet_app.gallery.binding import bind_empty, refuse_other_model
from facenet_app.gallery.changes import NO_NEWS, add_samples, delete_person, rename_person
from facenet_app.gallery.check import check_gallery
from facenet_app.gallery.cipher import PLAIN
from facenet_app.gallery.database import Database
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.load import LoadedIndex, load_index, refresh_index
from facenet_app.gallery.lookup import find_person, get_person, one_person, owners_of
from facenet_app.gallery.names import checked_name, name_key
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
from facenet_app.gallery.upkeep import Clock, utc_now

__all__ = ["GalleryStore"]


class GalleryStore(Advice):
    """Everybody enrolled, bound to the one model whose embeddings it holds.

    Every method is one transaction, safe to call from several threads, with any number of other
    processes on the same file. All of them raise GalleryError if the file fails them: damaged,
    locked for too long, disk full. Made by :meth:`open`; use it in a ``with``, or close it.
    """

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        super().__init__(database, clock)
        self._loaded: LoadedIndex | None = None
        self._index_lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, model: str, fingerprint: str | None, clock: Clock = utc_now) -> Self:
        """Open the gallery in a file; a new one is made if there is none.

        Args:
            path: the file. New files and folders can be read by their owner only.
            model: id of the model in use, for a new or empty gallery and for messages.
            fingerprint: of that model; a gallery without samples is bound to it. None opens an
                existing gallery whatever its model, which is for all that needs no model, and for
                re-embedding it.
            clock: decides whose consent has expired.

        Raises:
            ModelMismatch: the gallery holds embeddings of another model.
            GalleryError: the file is no gallery, is damaged, cannot be written, is in use for too
                long, or was written by a newer program; or there is none, and ``fingerprint`` is None.
        """
        store = cls(Database.open(path, model=model, fingerprint=fingerprint), clock)
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
            with self._database.writing() as connection:
                bind_empty(connection, model, fingerprint)

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
    def path(self) -> Path:
        """The file, as an absolute path."""
        return self._database.path

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
        with self._database.reading() as connection:
            refuse_other_model(connection, model, fingerprint)

    def revision(self) -> int:
        """Raised by one in every transaction that writes, by whichever process."""
        return int(self._header().revision)

    def _header(self) -> Row[Any]:
        with self._database.reading() as connection:
            return connection.execute(select(gallery)).one()

    @staticmethod
    def same_name(first: str, second: str) -> bool:
        """Whether two names are the same person's in this gallery."""
        return name_key(first) == name_key(second)

    def find(self, name: str) -> Identity | None:
        """The person called ``name``, or None."""
        with self._database.reading() as connection:
            return find_person(connection, name)

    def get(self, name: str) -> Identity:
        """The person called ``name``.

        Raises:
            IdentityNotFound: nobody is; the hint has names that are spelled alike.
        """
        with self._database.reading() as connection:
            return get_person(connection, name)

    def with_id(self, identity_id: str) -> Identity:
        """The person of an id.

        Raises:
            IdentityNotFound: there is none.
        """
        with self._database.reading() as connection:
            found = one_person(connection, identities.c.id == identity_id)
        if found is None:
            raise IdentityNotFound(
                "nobody with this id is enrolled", "look at the list of everybody enrolled"
            )
        return found

    def identities(self) -> list[Identity]:
        """Everybody enrolled, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select_identities().order_by(identities.c.name_key))
            cipher = cipher_of(connection)
            people = [identity_from(row, cipher) for row in rows]
        if cipher is not PLAIN:  # the keys of encrypted names are in no order
            people.sort(key=lambda person: name_key(person.name))
        return people

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
        with self._database.reading() as connection:
            rows = connection.execute(select(samples).where(condition).order_by(samples.c.number))
            cipher = cipher_of(connection)
            return [sample_from(row, cipher) for row in rows.mappings()]

    def embeddings(self, identity_id: str) -> list[Embedding]:
        """The embeddings of one person's samples, oldest first; empty for an unknown id."""
        columns = select(samples.c.id, samples.c.embedding, samples.c.dimension, samples.c.fingerprint)
        query = columns.where(samples.c.identity_id == identity_id).order_by(samples.c.number)
        with self._database.reading() as connection:
            cipher = cipher_of(connection)
            return [
                Embedding(
                    vector_from_bytes(cipher.vector(row.embedding, row.id), row.dimension), row.fingerprint
                )
                for row in connection.execute(query)
            ]

    def owner_of(self, content_sha256: str) -> Identity | None:
        """Who this very picture of a face is enrolled for, or None."""
        with self._database.reading() as connection:
            digest = cipher_of(connection).lookup_digest(content_sha256)
            owner = select(samples.c.identity_id).where(samples.c.content_sha256 == digest)
            return one_person(connection, identities.c.id.in_(owner))

    def owners_of(self, digests: Sequence[str]) -> dict[str, str]:
        """Names of the people for whom pictures are enrolled, by the digest of the decoded picture
        (``content_sha256``) or of the file (``file_sha256``); digests of no enrolled picture are left out.
        """
        if not digests:
            return {}
        with self._database.reading() as connection:
            return owners_of(connection, digests)

    def add(
        self, name: str, drafts: Sequence[SampleDraft], consent: Consent = NO_NEWS
    ) -> tuple[Identity, tuple[Sample, ...]]:
        """Store samples for a person, who is created if new: all of them or, on an error, nothing.

        What ``consent`` says replaces what the gallery has of the person's.

        Raises:
            InvalidName: nobody can be called that.
            UsageError: there is no draft, or the consent's end has passed.
            ConsentExpired: the person's consent has, and no new end is given.
            DuplicateSample: one of the pictures is enrolled already.
            ModelMismatch: an embedding is not of the gallery's model.
        """
        (added,) = self.add_people([(name, drafts)], consent)
        return added

    def add_people(
        self, people: Sequence[tuple[str, Sequence[SampleDraft]]], consent: Consent = NO_NEWS
    ) -> list[tuple[Identity, tuple[Sample, ...]]]:
        """As :meth:`add` for several people: all of them or, on an error, nobody."""
        new = []
        for name, drafts in people:
            if not drafts:
                raise UsageError("there is no sample to store", "give at least one picture of the person")
            # Encodes PNGs: not while others wait.
            new.append((checked_name(name), [NewSample.of(draft) for draft in drafts]))
        with self._database.writing() as connection:
            now = self._clock()
            return [add_samples(connection, name, samples, consent, now) for name, samples in new]

    def rename(self, old: str, new: str, *, merge: bool = False) -> Identity:
        """Give a person another name; with ``merge``, make them one with whoever has it already.

        The old name is wiped from the file as :meth:`remove` does, unless others prevent it just now.

        Raises:
            IdentityNotFound: nobody is called ``old``.
            IdentityExists: somebody else is called ``new``, and ``merge`` is False.
            InvalidName: nobody can be called ``new``.
        """
        new = checked_name(new)
        with self._database.writing() as connection:
            person = rename_person(connection, old, new, merge=merge)
        self._wipe_if_possible()
        return person

    def remove(self, name: str) -> Identity:
        """Remove a person with every sample and wipe the bytes from the file; returns who it was.

        The wiping writes the file anew, so it takes time in proportion to the gallery.

        Raises:
            IdentityNotFound: nobody is called ``name``.
            GalleryError: the person is removed, but the bytes could not be wiped yet.
        """
        with self._database.writing() as connection:
            person = get_person(connection, name)
            delete_person(connection, person)
        self._wipe(f"{person.name!r} was removed")
        return person

    def operating_points(self) -> tuple[OperatingPoint, ...]:
        """The points measured for this gallery and its model, the strictest first; often none."""
        with self._database.reading() as connection:
            return read_points(connection)

    def set_operating_points(self, points: Sequence[OperatingPoint]) -> None:
        """Keep these points, and none else, for searches in this gallery.

        Raises:
            ModelMismatch: one was measured with another model than the gallery's.
            UsageError: one has no target FMR, because its threshold was given by hand.
        """
        with self._database.writing() as connection:
            write_points(connection, points)

    def index(self) -> SearchIndex:
        """Everybody for searching, up to date with what any process wrote before this call.

        All but those whose consent has expired.
        """
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
