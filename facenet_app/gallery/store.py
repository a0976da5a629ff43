"""The gallery: who is enrolled, with which samples, in a SQLite file or on a PostgreSQL server."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection

from facenet_app.domain import (
    Consent,
    Finding,
    Identity,
    OperatingPoint,
    Place,
    Sample,
    SampleDraft,
    ServerUse,
    place_of,
)
from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.adding import add_people
from facenet_app.gallery.basis import WHOEVER, Basis
from facenet_app.gallery.binding import bind_empty
from facenet_app.gallery.browsing import Browsing
from facenet_app.gallery.changes import NO_NEWS, delete_person, rename_person
from facenet_app.gallery.check import check_gallery
from facenet_app.gallery.database import Database
from facenet_app.gallery.latest_index import LatestIndex
from facenet_app.gallery.lookup import get_person
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.opening import open_database
from facenet_app.gallery.people import People
from facenet_app.gallery.points import read_points, write_points
from facenet_app.gallery.reembed import Embed, NewModel, reembed_gallery
from facenet_app.gallery.rows import NewSample
from facenet_app.gallery.searchable import Searchable
from facenet_app.gallery.undoing import Undoing
from facenet_app.gallery.upkeep import Clock, utc_now

__all__ = ["GalleryStore"]

AS_USUAL: Final = ServerUse()

NamedDrafts = tuple[str, Sequence[SampleDraft]]


class GalleryStore(People, Browsing, Undoing):
    """Everybody enrolled, bound to the one model whose embeddings it holds.

    Every method is one transaction, safe to call from several threads, with any number of other
    processes on the same file or server. All of them raise GalleryError if that fails them: damaged,
    locked for too long, disk full, out of reach. Made by :meth:`open`; use it in a ``with``, or close it.
    """

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        super().__init__(database, clock)
        self._latest = LatestIndex(database, clock)

    @classmethod
    def open(
        cls,
        place: Place | str,
        *,
        model: str,
        fingerprint: str | None,
        use: ServerUse = AS_USUAL,
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
            use: of a server, if the gallery is on one.
            clock: decides whose consent has expired.

        Raises:
            UsageError: the address cannot be read.
            ModelMismatch: the gallery holds embeddings of another model.
            GalleryError: the file or database is no gallery, is damaged, cannot be written, is in use for too
                long, or was written by a newer program; or there is none, and ``fingerprint`` is None.
        """
        at = place_of(place) if isinstance(place, str) else place
        store = cls(open_database(at, model=model, fingerprint=fingerprint, use=use), clock)
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

    def close(self, *, wait: bool = True) -> None:
        """Let go of the file; any use afterwards is a GalleryError.

        On a server, indexes may be being built: with ``wait`` until they are, which can take minutes in a
        large gallery. Otherwise the server goes on alone as far as it can, and the next write does the rest.
        """
        self._database.close(wait=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=error is None)

    def add(
        self,
        name: str,
        drafts: Sequence[SampleDraft],
        consent: Consent = NO_NEWS,
        basis: Basis = WHOEVER,
    ) -> tuple[Identity, tuple[Sample, ...]]:
        """Store samples for a person, who is created if new: all of them or, on an error, nothing.

        What ``consent`` says replaces what the gallery has of the person's. ``basis`` is what it rests
        on that these faces may be stored, if that depends on who is enrolled.

        Raises:
            DecisionOutdated: by now it might be decided otherwise; see :class:`Basis`.
            InvalidName: nobody can be called that.
            UsageError: there is no draft, or the consent's end has passed.
            ConsentExpired: the person's consent has, and no new end is given.
            DuplicateSample: one of the pictures is enrolled already.
            ModelMismatch: an embedding is not of the gallery's model.
        """
        (added,) = self.add_people([(name, drafts)], consent, basis)
        return added

    def add_people(
        self,
        people: Sequence[NamedDrafts],
        consent: Consent = NO_NEWS,
        basis: Basis = WHOEVER,
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
        return self._database.write(lambda connection: add_people(connection, new, consent, now, basis))

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
        return self._latest.get()

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
