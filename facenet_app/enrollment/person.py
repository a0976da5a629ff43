"""Enrolling one person."""

from collections.abc import Sequence
from dataclasses import replace

from facenet_app.domain import Enrollment, Selection, source_name
from facenet_app.enrollment.admit import Rules
from facenet_app.enrollment.examine import Outcome, examined
from facenet_app.enrollment.refusal import refusal
from facenet_app.enrollment.settle import settle
from facenet_app.errors import FaceError, FacenetAppError, ImageError, UsageError
from facenet_app.extraction import FaceExtractor
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore
from facenet_app.imaging.decode import ImageSource

__all__ = ["enroll", "look_at"]


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
    outcomes = look_at(extractor, sources, rules.selection)
    admission, result = settle(gallery, name, outcomes, rules)
    twice = [f"{source} is enrolled already and was not stored twice." for source in admission.known]
    return replace(result, warnings=(*twice, *result.warnings))


def look_at(extractor: FaceExtractor, sources: Sequence[ImageSource], selection: Selection) -> list[Outcome]:
    """What each picture gives, before the gallery is asked; those that cannot be used are refused."""
    outcomes: list[Outcome] = []
    for source, outcome in zip(sources, extractor.extract_many(sources, selection), strict=True):
        if isinstance(outcome, ImageError | FaceError):
            outcomes.append(refusal(source, outcome))
        elif isinstance(outcome, FacenetAppError):
            raise outcome
        else:
            outcomes.append(examined(source_name(source), outcome))
    return outcomes
