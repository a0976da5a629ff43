"""Enrolling one person."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from facenet_app.domain import Enrollment, Notice, NoticeCode, Selection, source_name
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
    return replace(result, warnings=(*map(_twice, admission.known), *result.warnings))


def _twice(source: str) -> Notice:
    sentence = f"{source} is enrolled already and was not stored twice."
    return Notice(NoticeCode.ENROLLED_ALREADY, sentence, values={"picture": source})


def look_at(extractor: FaceExtractor, sources: Sequence[ImageSource], selection: Selection) -> list[Outcome]:
    """What each picture gives, before the gallery is asked; those that cannot be used are refused."""
    outcomes: list[Outcome] = []
    for name, outcome in zip(_names(sources), extractor.extract_many(sources, selection), strict=True):
        if isinstance(outcome, ImageError | FaceError):
            outcomes.append(refusal(name, outcome))
        elif isinstance(outcome, FacenetAppError):
            raise outcome
        else:
            outcomes.append(examined(name, outcome))
    return outcomes


def _names(sources: Sequence[ImageSource]) -> list[str]:
    """What each is called: several pictures that have no path are told apart by their number."""
    several = len(sources) > 1
    return [
        f"picture {number}" if several and not isinstance(source, str | Path) else source_name(source)
        for number, source in enumerate(sources, 1)
    ]
