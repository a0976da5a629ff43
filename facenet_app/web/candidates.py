"""Whom a face is like: the nearest people with their enrolled pictures, and what to improve in a poor one."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from markupsafe import Markup

from facenet_app.domain import Candidate, CandidateList, FaceCrop, Identification
from facenet_app.errors import GalleryError
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.evidence import crop_image
from facenet_app.web.said import said_advice

__all__ = ["References", "advice", "candidate_row", "references"]

MOST: Final = 3
"""Candidates shown of a face."""
FACES: Final = 20
"""Faces of a photo whose candidates are shown: each has a picture or two of its own."""

EMPTY = Markup("")

References = Mapping[str, FaceCrop | None]
"""Enrolled faces by the ids of their samples; None where the gallery keeps none."""


def references(service: FaceService, result: Identification) -> References:
    """The nearest picture of each candidate that is shown."""
    found: dict[str, FaceCrop | None] = {}
    for face in result.faces[:FACES]:
        for candidate in face.candidates[:MOST]:
            if candidate.sample_id not in found:
                with suppress(GalleryError):  # removed a moment ago
                    found[candidate.sample_id] = service.gallery.sample(candidate.sample_id).crop
    return found


def candidate_row(face: CandidateList, known: References) -> Markup:
    """A row of the table of faces, under that of the face; empty if there is nothing to say."""
    shown = [each for each in face.candidates[:MOST] if each.sample_id in known]
    people = EMPTY.join(_person(each, known[each.sample_id]) for each in shown)
    what = Markup("<span>{}</span>").format(text.CANDIDATES) if shown else EMPTY
    if not shown and not face.face.quality.reasons:
        return EMPTY
    return Markup('<tr class="fa-candidates"><td colspan="4"><div>{}{}</div>{}</td></tr>').format(
        what, people, advice(face)
    )


def _person(candidate: Candidate, crop: FaceCrop | None) -> Markup:
    distance = text.number(candidate.distance, ".3f")
    return Markup("<span>{} {} {}</span>").format(crop_image(crop, candidate.name), candidate.name, distance)


def advice(face: CandidateList) -> Markup:
    """Why a face is too poor to decide, and what helps; empty if it is good."""
    return EMPTY.join(Markup("<p>{}</p>").format(said_advice(reason)) for reason in face.face.quality.reasons)
