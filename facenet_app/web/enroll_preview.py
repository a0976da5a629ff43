"""What becomes of each photo of a person, told before anything is stored."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.enrollment.preview import Preview
from facenet_app.errors import InvalidName
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.evidence import crop_image
from facenet_app.web.said import said_advice, said_error, said_notice, said_refusal

__all__ = ["MOST", "preview_photos"]

MOST = 12
"""Photos looked at beforehand: all of them are looked at anew whenever one is added."""

EMPTY = Markup("")


@answering(Scope.ENROLL)
def preview_photos(service: FaceService, name: str, photos: Sequence[Path]) -> Answer:
    """Of each photo whether it is good, what to improve, and whom it looks like; empty without photos."""
    if not photos:
        return Answer("")
    seen, called = photos[:MOST], name.strip() or None
    notes = [] if called else [message(text.NAME_FIRST, "plain")]
    try:
        previews = service.preview(called, seen)
    except InvalidName as error:
        notes.append(message(said_error(error), "problem"))
        previews = service.preview(None, seen)
    if len(photos) > MOST:
        notes.append(message(text.more_photos(count=len(photos) - MOST), "plain"))
    shots = EMPTY.join(_shot(each, photo) for each, photo in zip(previews, seen, strict=True))
    return Answer(Markup('<ul class="fa-shots">{}</ul>{}').format(shots, EMPTY.join(notes)))


def _shot(each: Preview, photo: Path) -> Markup:
    style, verdict = _verdict(each)
    return Markup(
        '<li>{crop}<div><span class="fa-badge fa-{style}">{verdict}</span> {name}{sentences}{pair}</div></li>'
    ).format(
        crop=crop_image(each.crop, photo.name) if each.crop else EMPTY,
        style=style,
        verdict=verdict,
        name=photo.name,
        sentences=EMPTY.join(Markup("<p>{}</p>").format(said) for said in _sentences(each, photo)),
        pair=_pair(each),
    )


def _verdict(each: Preview) -> tuple[str, str]:
    """A style, and in a word or two what the photo is good for."""
    if each.refused is not None:
        return "refused", text.SHOT_REFUSED
    if each.known:
        return "known", text.SHOT_KNOWN
    if each.warnings or (each.quality and not each.quality.usable):
        return "review", text.SHOT_BETTER
    return "match", text.SHOT_GOOD


def _sentences(each: Preview, photo: Path) -> list[Markup]:
    """Why not, or what to know; the advice of a poor face is part of the refusal."""
    if each.refused is not None:
        return [said_refusal(each.refused, photo.name)]
    advice = map(said_advice, each.quality.reasons) if each.quality else ()
    notices = (said_notice(warning, [photo], named=False) for warning in each.warnings)
    return list(dict.fromkeys([*advice, *notices]))


def _pair(each: Preview) -> Markup:
    """Both faces, where one looks like the other."""
    if each.like is None:
        return EMPTY
    figure = Markup('<figure class="fa-panel">{}<figcaption>{}</figcaption></figure>')
    return Markup('<div class="fa-crops">{}{}</div>').format(
        figure.format(crop_image(each.crop, text.THIS_PHOTO), text.THIS_PHOTO),
        figure.format(crop_image(each.like.crop, text.LIKE_ENROLLED), text.LIKE_ENROLLED),
    )
