"""Comparing two pictures, and a picture with everybody enrolled, under a rule that is known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facenet_app.comparison.distance import distance
from facenet_app.comparison.rules import Rule
from facenet_app.domain import (
    CandidateList,
    Extraction,
    FaceNumber,
    Identification,
    Notice,
    NoticeCode,
    Selection,
    Template,
    Verification,
)
from facenet_app.errors import FacenetAppError
from facenet_app.extraction import FaceExtractor, picture_warnings
from facenet_app.imaging.decode import ImageSource

if TYPE_CHECKING:
    from facenet_app.gallery.searchable import Searchable

__all__ = ["Wanted", "compare", "compare_many", "search", "search_many", "search_warnings"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many of the nearest people to list for each face, and what stands for a person."""

    candidates: int
    template: Template


def compare(
    extractor: FaceExtractor,
    rule: Rule,
    pair: tuple[ImageSource, ImageSource],
    selections: tuple[Selection | FaceNumber, Selection | FaceNumber],
) -> Verification:
    """Compare ``pair``, probe and reference; see ``FaceService.verify``."""
    first, second = extractor.extract_each(pair, selections)
    return _verification(extractor, rule, first, second)


def compare_many(
    extractor: FaceExtractor,
    rule: Rule,
    pairs: Iterable[tuple[ImageSource, ImageSource]],
    selection: Selection,
) -> Iterator[Verification | FacenetAppError]:
    """Compare each pair, in order; see ``FaceService.verify_many``."""
    outcomes = extractor.extract_many((source for pair in pairs for source in pair), selection)
    for first in outcomes:
        second = next(outcomes)
        if isinstance(first, FacenetAppError):
            yield first
        elif isinstance(second, FacenetAppError):
            yield second
        else:
            yield _verification(extractor, rule, first, second)


def _verification(
    extractor: FaceExtractor, rule: Rule, first: Extraction, second: Extraction
) -> Verification:
    between = distance(first.face.embedding, second.face.embedding)
    usable = first.face.quality.usable and second.face.quality.usable
    return Verification(
        decision=rule.decide(between, usable=usable),
        distance=between,
        operating_point=rule.point,
        review_point=rule.review_point,
        model=extractor.model,
        probe=first,
        reference=second,
        warnings=(
            *picture_warnings("probe", first),
            *picture_warnings("reference", second),
            *rule.warnings(extractor.detector.name),
        ),
    )


def search(
    extractor: FaceExtractor, rule: Rule, index: "Searchable", image: ImageSource, wanted: Wanted
) -> Identification:
    """Search for every face of ``image`` in ``index``; see ``FaceService.identify``."""
    return _identification(extractor, rule, index, extractor.extract(image, Selection.ALL), wanted)


def search_many(
    extractor: FaceExtractor,
    rule: Rule,
    index: "Searchable",
    images: Iterable[ImageSource],
    wanted: Wanted,
) -> Iterator[Identification | FacenetAppError]:
    """:func:`search` for any number of pictures at full speed, in order; errors are yielded."""
    for outcome in extractor.extract_many(images, Selection.ALL):
        if isinstance(outcome, FacenetAppError):
            yield outcome
        else:
            yield _identification(extractor, rule, index, outcome, wanted)


def _identification(
    extractor: FaceExtractor, rule: Rule, index: "Searchable", extraction: Extraction, wanted: Wanted
) -> Identification:
    found = []
    embeddings = [face.embedding for face in extraction.faces]
    nearest_of_each = index.search_each(embeddings, wanted.candidates, wanted.template)
    for face, nearest in zip(extraction.faces, nearest_of_each, strict=True):
        within = nearest[0].distance if nearest else float("inf")
        usable = face.quality.usable or within > rule.reach
        found.append(CandidateList(face, rule.decide(within, usable=usable), tuple(nearest)))
    return Identification(
        pixels=extraction.pixels,
        faces=tuple(found),
        operating_point=rule.point,
        review_point=rule.review_point,
        model=extractor.model,
        gallery_size=index.people,
        comparisons=index.samples,
        template=wanted.template,
        risk=rule.risk,
        warnings=search_warnings(extractor, rule, index),
    )


def search_warnings(extractor: FaceExtractor, rule: Rule, index: "Searchable") -> tuple[Notice, ...]:
    """What should be known of every search by this rule in this gallery."""
    empty = Notice(NoticeCode.EMPTY_GALLERY, "The gallery is empty: enroll somebody first.")
    return (*(() if index.people else (empty,)), *rule.warnings(extractor.detector.name))
