"""Looking after the gallery of a service: opening it, who is in it, changing and re-embedding it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from facenet_app.comparison.rules import Asked, Measured
from facenet_app.domain import Changeover, Finding, Identity, OperatingPoint, PeoplePage, Sample
from facenet_app.errors import GalleryError, ModelMismatch, ReadOnlyGallery
from facenet_app.extraction import FaceExtractor
from facenet_app.settings import Settings

if TYPE_CHECKING:  # the gallery costs an import of SQLAlchemy, which verification does not need
    from facenet_app.gallery.merge import MergePlan, OnConflict
    from facenet_app.gallery.store import GalleryStore
    from facenet_app.gallery.taken_out import TakenOut

__all__ = ["GalleryUpkeep", "OpenGallery", "Progress"]

Progress = Callable[[int, int], None]
"""Called with how many are done, and how many there are in all."""


class OpenGallery(Protocol):
    """Opens the gallery; ``any_model`` also one whose embeddings are another model's."""

    def __call__(self, *, any_model: bool = False) -> "GalleryStore": ...


class GalleryUpkeep:
    """A gallery and what embeds faces for it: the part of ``FaceService`` that looks at no picture.

    Args:
        extractor: picture -> faces with embeddings.
        points: the operating points measured for the extractor's model.
        open_gallery: opens the gallery; called when it is first needed.
        settings: decides the thresholds (``fmr`` or ``threshold``, ``review``) and which face is used.
    """

    def __init__(
        self,
        extractor: FaceExtractor,
        points: Sequence[OperatingPoint],
        open_gallery: OpenGallery,
        settings: Settings,
    ) -> None:
        self.extractor = extractor
        self.measured = Measured(extractor.model, extractor.fingerprint, tuple(points))
        self.settings = settings
        self._open_gallery = open_gallery
        self._gallery: GalleryStore | None = None
        self._gallery_lock = Lock()

    def close(self, *, wait: bool = True) -> None:
        """Let go of the gallery; it is opened again if it is needed again.

        ``wait``: see :meth:`facenet_app.gallery.store.GalleryStore.close`.
        """
        with self._gallery_lock:
            if self._gallery is not None:
                self._gallery.close(wait=wait)
                self._gallery = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=error is None)

    @property
    def gallery(self) -> "GalleryStore":
        """The store behind the gallery; opened (and created) when first used.

        Raises:
            ModelMismatch: it holds embeddings of another model.
            GalleryError: it cannot be opened.
        """
        with self._gallery_lock:
            if self._gallery is None:
                self._gallery = self._open_gallery()
            return self._gallery

    def identities(self) -> list[Identity]:
        """Everybody enrolled, by name."""
        return self.gallery.identities()

    def people(self, find: str = "", *, offset: int = 0, limit: int = 100) -> PeoplePage:
        """Some of the people whose name holds ``find`` in any case, by name, and how many there are.

        Quick however large the gallery is, see :meth:`facenet_app.gallery.browsing.Browsing.people_page`.
        """
        return self.gallery.people_page(find, offset=offset, limit=limit)

    def identity(self, name: str) -> Identity:
        """One person by name.

        Raises:
            IdentityNotFound: nobody of this name is enrolled.
        """
        return self.gallery.get(name)

    def samples(self, name: str) -> list[Sample]:
        """The samples of one person, oldest first.

        Raises:
            IdentityNotFound: nobody of this name is enrolled.
        """
        return self.gallery.samples(self.gallery.get(name).id)

    def rename(self, old: str, new: str, *, merge: bool = False) -> Identity:
        """Give a person another name.

        Args:
            old: the name now.
            new: the name from now on.
            merge: if ``new`` is somebody enrolled already, make the two one person.

        Raises:
            IdentityNotFound: nobody is called ``old``.
            IdentityExists: somebody is called ``new`` and ``merge`` is False.
            InvalidName: ``new`` cannot be a name.
        """
        self._refuse_if_read_only()
        return self.gallery.rename(old, new, merge=merge)

    def remove(self, name: str) -> Identity:
        """Remove a person with every sample, crop and embedding; returns who it was.

        Raises:
            IdentityNotFound: nobody of this name is enrolled.
        """
        self._refuse_if_read_only()
        return self.gallery.remove(name)

    def take_out(self, name: str, sample_id: str | None = None) -> "TakenOut":
        """Remove a person, or one of their samples, and give it back for :meth:`put_back`.

        It is in memory only from then on: who drops the result has removed it for good.

        Raises:
            IdentityNotFound: nobody of this name is enrolled.
            GalleryError: the person has no such sample.
            UsageError: it is the person's only sample.
        """
        self._refuse_if_read_only()
        return self.gallery.take_out(name, sample_id)

    def put_back(self, taken: "TakenOut") -> Identity:
        """Undo :meth:`take_out`.

        Raises:
            GalleryError: it does not fit any more, see :meth:`facenet_app.gallery.undoing.Undoing.put_back`.
        """
        self._refuse_if_read_only()
        return self.gallery.put_back(taken)

    def import_archive(
        self, archive: Path, rule: "OnConflict", *, dry_run: bool = False, progress: Progress | None = None
    ) -> "MergePlan":
        """Bring in everybody of an archive that ``gallery export`` wrote, or nobody; gives what was done.

        Args:
            archive: the file; it is checked wholly before the gallery is touched.
            rule: for people who are there already.
            dry_run: only say what would happen.
            progress: as in :meth:`reembed`, of checking and then of storing.

        Raises:
            ArchiveRefused: it is no such archive, or it is damaged.
            ModelMismatch: it is of another model.
        """
        from facenet_app.gallery.archive_read import read_archive
        from facenet_app.gallery.archive_zip import StoredZip

        if not dry_run:
            self._refuse_if_read_only()
        with StoredZip(archive) as opened:
            incoming = read_archive(opened, progress)
            if dry_run:
                return self.gallery.would_merge(incoming, rule)
            return self.gallery.merge_in(incoming, rule, progress)

    def _refuse_if_read_only(self) -> None:
        if self.settings.read_only:
            raise ReadOnlyGallery("the gallery is read-only here", "ask who set FACENET_APP_READ_ONLY")

    def check_gallery(self) -> list[Finding]:
        """What is wrong with the gallery, also one of another model, and then what somebody should look at.

        Takes a time in proportion to the gallery, and for large ones to its square.
        """
        with self._open_gallery(any_model=True) as store:
            found = store.check()
            points = store.operating_points()
            try:
                store.refuse_other_model(self.extractor.model, self.extractor.fingerprint)
                points = self.measured.led_by(points).points
            except ModelMismatch as error:
                found.append(Finding(error.code, f"{error.message}.", error.hint))
            with suppress(GalleryError):  # damage, which is among what was found
                found += store.check_people(points)
        return found

    def reembed(self, progress: Progress | None = None) -> int:
        """Make every embedding of the gallery anew with this model, from the stored crops.

        Returns:
            The number of samples.

        Raises:
            GalleryError: a sample has no crop, or its face is not found again in a crop that was
                aligned for another model; nothing was changed.
        """
        from facenet_app.reembedding import crop_vectors

        self._refuse_if_read_only()
        with self._open_gallery(any_model=True) as store:
            embed = partial(crop_vectors, self.extractor)
            return store.reembed(self.extractor.model, self.extractor.fingerprint, embed, progress)

    def try_reembedding(
        self, points: Sequence[OperatingPoint], progress: Progress | None = None
    ) -> Changeover:
        """How the gallery's decisions would change with this model; nobody's change yet.

        Each model decides at its own threshold for searches. What is computed is kept in the gallery, so
        that :meth:`reembed` need not compute it again.

        Args:
            points: those measured for the gallery's model as it is; the gallery's own lead.
            progress: as in :meth:`reembed`.

        Raises:
            GalleryError: as :meth:`reembed`.
            NoOperatingPoint: nothing was measured for one of the models.
        """
        from facenet_app.reembedding import try_model

        self._refuse_if_read_only()
        with self._open_gallery(any_model=True) as store:
            held = Measured(store.model, store.fingerprint, tuple(points)).led_by(store.operating_points())
            asked = Asked(self.settings.search_fpir)
            return try_model(self.extractor, store, (held, self.measured), asked, progress)
