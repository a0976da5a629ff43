"""Stored faces as HTML: a person with the crops, and the crops of a finding. Every name is escaped."""

from collections.abc import Sequence

from markupsafe import Markup

from facenet_app.domain import Identity, StoredFace
from facenet_app.web import text
from facenet_app.web.evidence import crop_image

__all__ = ["numbered_faces", "person_view"]

EMPTY = Markup("")


def person_view(identity: Identity, faces: Sequence[StoredFace], start: int) -> Markup:
    """One enrolled person with some of the crops, the first of which has the number ``start`` + 1."""
    cut = len(faces) < identity.samples
    shown = text.pictures_from_to(first=start + 1, last=start + len(faces), number=identity.samples)
    return Markup('<section class="fa-answer"><h2>{}</h2><p>{}</p>{}{}{}</section>').format(
        identity.name,
        text.person_since(count=identity.samples, date=text.day(identity.enrolled_at)),
        _consent(identity),
        numbered_faces(faces, start),
        Markup("<p>{}</p>").format(shown) if cut else EMPTY,
    )


def _consent(identity: Identity) -> Markup:
    """What the person agreed to; nothing if that was not noted."""
    if identity.consent is None and identity.expires_at is None:
        return EMPTY
    return Markup("<p>{}</p>").format(text.consent(identity.consent, identity.expires_at))


def numbered_faces(faces: Sequence[StoredFace], start: int = 0, *, named: bool = False) -> Markup:
    """Crops with their numbers from ``start`` + 1 on, and with names where they are not one person's."""
    figures = EMPTY.join(
        Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(
            crop_image(face.crop, text.picture_of(name=face.name, number=number)),
            f"{number} · {face.name}" if named else number,
        )
        for number, face in enumerate(faces, start + 1)
    )
    return Markup('<div class="fa-crops fa-numbered">{}</div>').format(figures) if figures else EMPTY
