"""Looking after the gallery of a service: opening it, who is in it, changing and re-embedding it."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from facenet_app.comparison.rules import Asked, Measured
from facenet_app.domain import Changeover, Finding, Identity, OperatingPoint, Sample
from facenet_app.errors import ReadOnlyGallery
from facenet_app.extraction import FaceExtractor
from facenet_app.settings import Settings

if TYPE_CHECKING:  # the gallery costs an import of SQLAlchemy, which verification does not need
    from facenet_app.gallery.store import GalleryStore

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

    def close(self) -> None:
        """Let go of the gallery; it is opened again if it is needed again."""
        with self._gallery_lock:
            if self._gallery is not None:
                self._gallery.close()
                self._gallery = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

    def _refuse_if_read_only(self) -> None:
        if self.settings.read_only:
            raise ReadOnlyGallery("the gallery is read-only here", "ask who set FACENET_APP_READ_ONLY")

    def check_gallery(self) -> list[Finding]:
        """What is wrong with the gallery, also one of another model; empty if nothing is."""
        with self._open_gallery(any_model=True) as store:
            return store.check()

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
