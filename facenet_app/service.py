"""FaceService: all that the product does, for Python, the command line, the page and the API.

The service decides nothing by itself that belongs to a lower layer: pictures become embeddings in
:mod:`facenet_app.extraction`, distances in :mod:`facenet_app.comparison`, people live in
:mod:`facenet_app.gallery`. It is safe to call from several threads.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from facenet_app.comparison.rules import Asked, Rule
from facenet_app.domain import (
    Consent,
    Enrollment,
    FaceNumber,
    GateMode,
    Identification,
    OperatingPoint,
    Selection,
    Verification,
)
from facenet_app.errors import FacenetAppError
from facenet_app.imaging.decode import ImageSource
from facenet_app.recognition import Wanted, compare, compare_many, search
from facenet_app.upkeep import GalleryUpkeep, OpenGallery, Progress

if TYPE_CHECKING:  # the gallery costs an import of SQLAlchemy, which verification does not need
    from facenet_app.enrollment.admit import Rules
    from facenet_app.enrollment.many import Spread
    from facenet_app.enrollment.people import Person
    from facenet_app.enrollment.preview import Preview
    from facenet_app.gallery.searchable import Searchable

__all__ = ["FaceService", "OpenGallery", "Progress"]


class FaceService(GalleryUpkeep):
    """Verify, identify, enroll and look after the gallery, see :class:`GalleryUpkeep`."""

    @classmethod
    def open(cls, gallery: str | Path | None = None, model: str | None = None, **settings: object) -> Self:
        """A service with the given gallery file and model; other settings by name.

        >>> service = FaceService.open()                                 # doctest: +SKIP
        >>> service.verify("a.jpg", "b.jpg").decision                    # doctest: +SKIP
        <Decision.MATCH: 'match'>

        Raises:
            UsageError: a setting is out of range.
            ModelError: the model is not known, or its weights are missing or damaged.
        """
        from facenet_app.bootstrap import open_service
        from facenet_app.settings import load_settings

        return open_service(load_settings(gallery=gallery, model=model, **settings), cls)

    def operating_point(self, fmr: float | None = None, threshold: float | None = None) -> OperatingPoint:
        """The operating point at which two pictures match: the arguments lead, then the settings.

        Raises:
            NoOperatingPoint: nothing was measured at this rate for this model.
            InvalidThreshold: out of range.
        """
        return self.measured.for_verification(Asked.of(self.settings, fmr, threshold)).point

    def verify(
        self,
        probe: ImageSource,
        reference: ImageSource,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        review: float | None = None,
    ) -> Verification:
        """Are these two pictures of the same person?

        Args:
            probe: the face presented; a path, bytes, PIL image or RGB uint8 (height, width, 3).
            reference: the face to compare it with.
            fmr: decide at this measured false match rate.
            threshold: decide at this distance instead.
            review: a stricter measured rate: MATCH is decided at this one, and REVIEW is what lies
                between.

        Raises:
            ImageError: a picture cannot be read or is refused.
            NoFaceFound: a picture shows no face.
            NoOperatingPoint, InvalidThreshold: see :meth:`operating_point`.
        """
        rule = self.measured.for_verification(Asked.of(self.settings, fmr, threshold, review))
        return compare(self.extractor, rule, (probe, reference), (self._one_face(), self._one_face()))

    def verify_faces(
        self,
        probe: ImageSource,
        reference: ImageSource,
        faces: tuple[int | None, int | None],
        *,
        fmr: float | None = None,
    ) -> Verification:
        """:meth:`verify` with faces that a person chose.

        Args:
            probe: as in :meth:`verify`.
            reference: as in :meth:`verify`.
            faces: which face of the probe and of the reference, counted from the left, beginning with 1;
                None: the one that :meth:`verify` takes.
            fmr: as in :meth:`verify`.

        Raises:
            UsageError: a picture has no face of that number.
            FacenetAppError: as :meth:`verify`.
        """
        rule = self.measured.for_verification(Asked.of(self.settings, fmr))
        first, second = (self._one_face() if each is None else FaceNumber(each) for each in faces)
        return compare(self.extractor, rule, (probe, reference), (first, second))

    def verify_many(
        self,
        pairs: Iterable[tuple[ImageSource, ImageSource]],
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        review: float | None = None,
    ) -> Iterator[Verification | FacenetAppError]:
        """:meth:`verify` for any number of pairs at full speed, in order.

        Args:
            pairs: probes and references, as in :meth:`verify`.
            fmr: as in :meth:`verify`.
            threshold: as in :meth:`verify`.
            review: as in :meth:`verify`.

        Yields:
            The comparison, or the error of a pair with a picture that cannot be used.

        Raises:
            NoOperatingPoint, InvalidThreshold: see :meth:`operating_point`.
        """
        rule = self.measured.for_verification(Asked.of(self.settings, fmr, threshold, review))
        return compare_many(self.extractor, rule, pairs, self._one_face())

    def _one_face(self) -> Selection:
        """Comparisons need one face a picture, also where the setting says all."""
        return Selection.PROMINENT if self.settings.selection is Selection.ALL else self.settings.selection

    def identify(
        self,
        image: ImageSource,
        *,
        candidates: int = 5,
        fmr: float | None = None,
        threshold: float | None = None,
        review: float | None = None,
    ) -> Identification:
        """Who is in this picture? Every face is compared with everybody enrolled.

        The rates are those of a search (FPIR): how often a stranger's face is given a name. The
        threshold follows from the number of enrolled samples; see
        :mod:`facenet_app.comparison.search_threshold`. Points measured for the gallery lead.

        Args:
            image: the picture; as in :meth:`verify`.
            candidates: how many of the nearest people to list for each face.
            fmr: decide at this false positive rate.
            threshold: decide at this distance instead.
            review: a stricter rate, as in :meth:`verify`.

        Raises:
            ImageError, NoFaceFound: as :meth:`verify`.
            GalleryError: the gallery cannot be opened or belongs to another model.
            NoOperatingPoint: nothing was measured for this model.
            InvalidThreshold: out of range.
        """
        rule, index = self.searching(fmr, threshold, review)
        return search(self.extractor, rule, index, image, Wanted(candidates, self.settings.template))

    def searching(
        self, fmr: float | None = None, threshold: float | None = None, review: float | None = None
    ) -> "tuple[Rule, Searchable]":
        """By which rule, and among whom, :meth:`identify` searches now; it raises the same errors."""
        asked = Asked.of(self.settings, fmr, threshold, review, search=True)
        index = self.gallery.index()
        return self.measured.led_by(self.gallery.operating_points()).for_search(asked, index.samples), index

    def enroll(
        self,
        name: str,
        images: Iterable[ImageSource],
        *,
        gate: GateMode | None = None,
        consent: Consent | None = None,
    ) -> Enrollment:
        """Add pictures of one person to the gallery; the person is created if new.

        Pictures that cannot be used are listed in ``refused`` with a stable code, the others are
        stored in one transaction. A picture already enrolled is not stored twice.

        Args:
            name: what the person is called.
            images: pictures, as in :meth:`verify`.
            gate: how strict to be about whose face it is, see :mod:`facenet_app.gate`; None: as in
                the settings.
            consent: what the person agreed to and until when, if that is new.

        Raises:
            NoOperatingPoint: the gate is strict, and nothing was measured for the model.
            InvalidName: the name is empty, too long or looks like a path.
            UsageError: no picture was given.
            GalleryError: the gallery cannot be opened or written, or is read-only here.
        """
        self._refuse_if_read_only()
        from facenet_app.enrollment.person import enroll

        # The gallery is opened first: if it cannot be, no time is spent on the pictures.
        return enroll(self.extractor, self.gallery, name, list(images), self._rules(gate, consent))

    def preview(self, name: str | None, images: Iterable[ImageSource]) -> "list[Preview]":
        """What :meth:`enroll` would do with each picture now; nothing is stored.

        Args:
            name: what the person will be called; None if that is not known yet: then the pictures are judged,
                and not whose face it is.
            images: pictures, as in :meth:`verify`.

        Raises:
            InvalidName, NoOperatingPoint, GalleryError: as :meth:`enroll`.
        """
        from facenet_app.enrollment.preview import preview

        rules = self._rules(GateMode.OFF if name is None else None)
        return preview(self.extractor, self.gallery, name, list(images), rules)

    def _rules(self, gate: GateMode | None = None, consent: Consent | None = None) -> "Rules":
        from facenet_app.enrollment.admit import Rules
        from facenet_app.gate import Gate

        settings = self.settings if gate is None else self.settings.model_copy(update={"gate": gate})
        measured = self.measured.led_by(self.gallery.operating_points())
        return Rules(self._one_face(), Gate(settings, measured), settings.keep_crops, consent or Consent())

    def enroll_folders(
        self, root: Path, progress: Progress | None = None, spread: "Spread | None" = None
    ) -> Iterator[Enrollment]:
        """Enroll ``root/<Name>/*.jpg``: one person a folder, in order of name, as they are done.

        A folder whose name cannot be a person's is a refusal like any other; the rest goes on. Started
        again after it was stopped, it goes on where it was: see :mod:`facenet_app.enrollment.bulk`.

        Args:
            root: the folder.
            progress: called when pictures are done.
            spread: over how many processes or machines; None: what is best on this one.

        Raises:
            UsageError: ``root`` is not a folder, or holds no folder with pictures.
        """
        from facenet_app.enrollment.people import people_in_folders

        return self._enroll_people(people_in_folders(root), progress, spread)

    def enroll_table(
        self, table: Path, progress: Progress | None = None, spread: "Spread | None" = None
    ) -> Iterator[Enrollment]:
        """Enroll the people of a CSV file with the columns ``name`` and ``path``, in order of their first
        line; paths are relative to the file. As :meth:`enroll_folders` in all else.

        Raises:
            UsageError: the table is not as it should be; the message gives the line.
        """
        from facenet_app.enrollment.people import people_in_table

        return self._enroll_people(people_in_table(table), progress, spread)

    def _enroll_people(
        self, people: "Sequence[Person]", progress: Progress | None, spread: "Spread | None"
    ) -> Iterator[Enrollment]:
        self._refuse_if_read_only()
        from facenet_app.bootstrap import open_examiner
        from facenet_app.enrollment.many import Means, Spread, enroll_many

        means = Means(self.extractor, self.settings, open_examiner, spread or Spread())
        return enroll_many(people, self.gallery, self._rules(), means, progress)
