"""Enrolling one person."""

from collections.abc import Sequence
from dataclasses import replace

from facenet_app.domain import Enrollment, source_name
from facenet_app.enrollment.admit import Rules, admit
from facenet_app.enrollment.examine import Outcome, examined
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import FaceError, FacenetAppError, ImageError, UsageError
from facenet_app.extraction import FaceExtractor
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore
from facenet_app.imaging.decode import ImageSource

__all__ = ["enroll"]


def enroll(
    extractor: FaceExtractor,
    gallery: GalleryStore,
    name: str,
    sources: Sequence[ImageSource],
    rules: Rules,
) -> Enrollment:
    """Store the usable pictures of one person in one transaction; see ``FaceService.enroll``."""
    name = checked_name(name)
    if not sources:
        raise UsageError("no picture was given", "give at least one picture of the person")
    outcomes: list[Outcome] = []
    for source, outcome in zip(sources, extractor.extract_many(sources, rules.selection), strict=True):
        if isinstance(outcome, ImageError | FaceError):
            outcomes.append(refusal(source, outcome))
        elif isinstance(outcome, FacenetAppError):
            raise outcome
        else:
            outcomes.append(examined(source_name(source), outcome))
    admission = admit(gallery, name, outcomes, rules)
    if admission.drafts:
        result = admission.stored(*gallery.add(name, admission.drafts, rules.consent))
    else:
        result = admission.stored(gallery.find(name), ())
    twice = [f"{source} is enrolled already and was not stored twice." for source in admission.known]
    return replace(result, warnings=(*twice, *result.warnings))
