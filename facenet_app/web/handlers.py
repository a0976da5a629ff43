"""What the tabs Verify, Identify and Enroll do, as plain functions of a service and inputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.domain import Consent, DetectedFace, Extraction, GateMode, expiry_time
from facenet_app.errors import BelongsToOther, NoOperatingPoint, PoorQuality, UnlikeOwnSamples
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering
from facenet_app.web.candidates import references
from facenet_app.web.own_errors import WrongInput
from facenet_app.web.results import enrollment, identification, verification
from facenet_app.web.said import said_error
from facenet_app.web.visitor import may

__all__ = ["about", "enroll", "identify", "verify"]

OF_THE_GATE: Final = frozenset(each.code for each in (PoorQuality, BelongsToOther, UnlikeOwnSamples))
"""Codes of refusals that somebody who knows better may overrule."""


@answering(Scope.VERIFY)
def verify(
    service: FaceService,
    probe: Path | None,
    reference: Path | None,
    fmr: float | None = None,
    faces: tuple[int | None, int | None] = (None, None),
) -> Answer:
    """Is it the same person? The paths are of uploads; without a rate the settings decide.

    ``faces`` are numbers of faces from the left, from 1; the answer says which were used, of how many.
    """
    if probe is None or reference is None:
        raise WrongInput(*text.TWO_PHOTOS)
    result = service.verify_faces(probe, reference, faces, fmr=fmr)
    others = _others(service, result.probe), _others(service, result.reference)
    used = tuple(
        (_number(extraction, unused), extraction.found)
        for extraction, unused in zip((result.probe, result.reference), others, strict=True)
    )
    return Answer(verification(result, others), faces=used)


def _number(extraction: Extraction, others: Sequence[DetectedFace]) -> int:
    """Which face is used, counted from the left, from 1."""
    return 1 + sum(face.box.left < extraction.face.face.box.left for face in others)


def _others(service: FaceService, extraction: Extraction) -> list[DetectedFace]:
    """The faces that were found but not used; they are looked for again only if there are any."""
    if extraction.found == 1:
        return []
    used = extraction.face.face.box
    return [face for face in service.extractor.detector.detect(extraction.pixels) if face.box != used]


@answering(Scope.IDENTIFY)
def identify(service: FaceService, photo: Path | None, fpir: float | None = None) -> Answer:
    """Who is in this photo? Without a rate of searches the settings decide."""
    if photo is None:
        raise WrongInput(*text.ONE_PHOTO)
    result = service.identify(photo, fmr=fpir)
    # Whoever is merely near is for those who may see who is enrolled.
    return Answer(identification(result, references(service, result) if may(Scope.ENROLL) else {}))


@answering(Scope.ENROLL)
def enroll(
    service: FaceService,
    name: str,
    photos: Sequence[Path],
    agreed: tuple[str, str] = ("", ""),
    *,
    anyway: bool = False,
) -> Answer:
    """Add pictures of one person; ``done`` if at least one was stored.

    ``agreed``: a note of what the person agreed to, and a date in the form of ISO 8601 until which; or "".
    ``anyway``: also those that the gate would refuse. ``files`` of the answer are those that it did refuse.
    """
    if not photos:
        raise WrongInput(*text.SOME_PHOTO)
    note, until = (each.strip() for each in agreed)
    consent = Consent(note or None, expiry_time(until) if until else None)
    result = service.enroll(name, photos, gate=GateMode.OFF if anyway else None, consent=consent)
    refused = {each.source for each in result.refused if each.code in OF_THE_GATE}
    return Answer(
        enrollment(result, photos),
        done=bool(result.samples),
        files=tuple(photo for photo in photos if str(photo) in refused),
    )


def about(service: FaceService) -> str:
    """The line at the bottom: model, device, error rate, and what not to use it for.

    Where no threshold was measured it says so: people can be enrolled all the same.

    Raises:
        InvalidThreshold: the rates or thresholds of the settings contradict each other.
    """
    engine = service.extractor.embedder.engine
    try:
        decided = text.decided_at(service.operating_point())
    except NoOperatingPoint as error:
        decided = said_error(error)
    rules = Markup("").join(Markup("<li>{}</li>").format(rule) for rule in text.USE_RULES)
    return Markup(
        '<footer class="fa-about"><p>{} <b>{}</b> {} · {}</p><p>{}</p>'
        '<details class="fa-details"><summary>{}</summary><ul>{}</ul></details></footer>'
    ).format(
        text.ABOUT_MODEL,
        service.extractor.model,
        text.about_engine(engine=engine.name, device=engine.device),
        decided,
        text.RESPONSIBLE_USE,
        text.USE_TITLE,
        rules,
    )
