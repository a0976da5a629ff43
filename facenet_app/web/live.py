"""Recognizing faces in a running video: a name is shown once several pictures agree on it."""

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.domain import CandidateList, Identification
from facenet_app.errors import NoFaceFound
from facenet_app.imaging.decode import ImageSource
from facenet_app.service import FaceService
from facenet_app.video.agreement import Seen
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.candidates import advice
from facenet_app.web.evidence import AMBER, GRAY, GREEN, photo_image

__all__ = ["begin_watching", "watch"]


@answering(Scope.IDENTIFY)
def begin_watching(service: FaceService, picture: ImageSource, fpir: float | None = None) -> Answer:
    """:func:`watch` for the first picture of a camera: in the log it stands for all that follow."""
    return _watched(service, picture, Seen(), fpir)


@answering(Scope.IDENTIFY, quiet=True)
def watch(service: FaceService, picture: ImageSource, seen: Seen, fpir: float | None = None) -> Answer:
    """Who is in the newest picture of a video, in the light of the last ones.

    Args:
        service: searches.
        picture: the picture; see :data:`facenet_app.imaging.decode.ImageSource`.
        seen: what the pictures before gave.
        fpir: rate of searches; None where the settings decide.

    Returns:
        What to show, and in ``matched`` whom this picture shows: to be remembered with ``seen.after``.
    """
    return _watched(service, picture, seen, fpir)


def _watched(service: FaceService, picture: ImageSource, seen: Seen, fpir: float | None) -> Answer:
    try:
        result = service.identify(picture, fmr=fpir)
    except NoFaceFound:  # between two people, say: no error
        return Answer(Markup('<section class="fa-answer">{}</section>').format(message(text.NOBODY_SEEN)))
    matched = tuple(each.match.identity_id for each in result.faces if each.match)
    return Answer(_shown(result, seen.after(matched)), matched=matched)


def _shown(result: Identification, seen: Seen) -> Markup:
    names = [_name(face, seen) for face in result.faces]
    colors = [_color(face, seen) for face in result.faces]
    labels = [
        (face.face.face, name, color) for face, name, color in zip(result.faces, names, colors, strict=True)
    ]
    return Markup(
        '<section class="fa-answer"><div role="status"><h2>{}</h2></div>{}'
        '<figure class="fa-panel">{}</figure>{}</section>'
    ).format(
        ", ".join(names),
        Markup("") if result.gallery_size else message(text.EMPTY_GALLERY),
        photo_image(result.pixels, labels, text.LIVE_PICTURE),
        Markup("").join(advice(face) for face in result.faces if face.match is None),
    )


def _name(face: CandidateList, seen: Seen) -> str:
    if face.match is None:
        return str(text.UNKNOWN)
    return face.match.name if face.match.identity_id in seen.agreed else text.LOOKING


def _color(face: CandidateList, seen: Seen) -> tuple[int, int, int]:
    if face.match is None:
        return GRAY
    return GREEN if face.match.identity_id in seen.agreed else AMBER
