"""What enrolling would do with each picture, before anything is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from facenet_app.domain import FaceCrop, Notice, Quality, RefusedImage, Sample
from facenet_app.enrollment.admit import Admission, Rules, admit
from facenet_app.enrollment.examine import Examined, Known, Outcome
from facenet_app.enrollment.person import look_at
from facenet_app.errors import GalleryError
from facenet_app.extraction import FaceExtractor
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore
from facenet_app.imaging.decode import ImageSource

__all__ = ["Preview", "preview"]

NOBODY = "?"
"""Stands for a name that is not given yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """One picture, and what would become of it.

    Attributes:
        source: how it is called.
        crop: the face, aligned; None if there is none.
        quality: of the face; None if there is none.
        refused: why it would not be stored; None if it would.
        known: whether it is enrolled for this person already.
        warnings: what should be known of it.
        like: the sample of somebody else that it looks like, if a refusal or a warning is about that.
    """

    source: str
    crop: FaceCrop | None
    quality: Quality | None
    refused: RefusedImage | None
    known: bool
    warnings: tuple[Notice, ...]
    like: Sample | None


def preview(
    extractor: FaceExtractor,
    gallery: GalleryStore,
    name: str | None,
    sources: Sequence[ImageSource],
    rules: Rules,
) -> list[Preview]:
    """What :func:`facenet_app.enrollment.person.enroll` would do, in order of the pictures.

    Without a name nobody can say whose face is somebody else's: then ``rules`` with the gate off are asked,
    and only the pictures themselves are judged.

    Raises:
        InvalidName, NoOperatingPoint: as ``enroll``.
    """
    outcomes = look_at(extractor, sources, rules.selection)
    checked = NOBODY if name is None else checked_name(name)
    admission = admit(gallery, checked, outcomes, rules)
    return list(_previews(gallery, outcomes, admission))


def _previews(gallery: GalleryStore, outcomes: Sequence[Outcome], admission: Admission) -> Iterator[Preview]:
    refused = {each.source: each for each in admission.refused}
    for outcome in outcomes:
        source, draft = outcome.source, outcome.draft if isinstance(outcome, Examined) else None
        like = admission.alike.get(source)
        yield Preview(
            source=source,
            crop=draft.crop if draft else None,
            quality=draft.quality if draft else None,
            refused=refused.get(source),
            known=isinstance(outcome, Known) or source in admission.known,
            warnings=tuple(each for each in admission.warnings if each.picture == source),
            like=None if like is None else _sample(gallery, like),
        )


def _sample(gallery: GalleryStore, sample_id: str) -> Sample | None:
    """None if somebody removed it meanwhile."""
    try:
        return gallery.sample(sample_id)
    except GalleryError:
        return None
