"""Enrolling: from pictures of a person to samples in the gallery, and from folders to people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facenet_app.domain import (
    Consent,
    Enrollment,
    Extraction,
    RefusedImage,
    SampleDraft,
    Selection,
    source_name,
)
from facenet_app.errors import (
    DuplicateSample,
    FaceError,
    FacenetAppError,
    ImageError,
    PoorQuality,
    UsageError,
)
from facenet_app.extraction import FaceExtractor, content_sha256, picture_warnings
from facenet_app.gallery.changes import NO_NEWS
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore
from facenet_app.gate import Gate
from facenet_app.imaging.decode import PICTURE_SUFFIXES, ImageSource

__all__ = ["Rules", "enroll", "folders_of_people", "refusal"]


@dataclass(frozen=True, slots=True)
class Rules:
    """How pictures become samples.

    Attributes:
        selection: which face of several is the person's.
        gate: what is refused.
        keep_crops: whether the aligned faces are stored, too.
        consent: what the person agreed to, if it is new.
    """

    selection: Selection
    gate: Gate
    keep_crops: bool = True
    consent: Consent = NO_NEWS


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
    drafts: list[tuple[ImageSource, SampleDraft]] = []
    refused: list[RefusedImage] = []
    warnings: list[str] = []
    for source, outcome in zip(sources, extractor.extract_many(sources, rules.selection), strict=True):
        try:
            if isinstance(outcome, FacenetAppError):
                raise outcome
            draft = _draft(gallery, name, outcome, rules)
        except (ImageError, FaceError, DuplicateSample) as error:
            refused.append(refusal(source, error))
            continue
        if draft is None or any(draft.content_sha256 == other.content_sha256 for _, other in drafts):
            warnings.append(f"{source_name(source)} is enrolled already and was not stored twice.")
            continue
        warnings.extend(picture_warnings(source_name(source), outcome))
        drafts.append((source, draft))
    kept = []
    for (source, draft), verdict in zip(
        drafts, rules.gate.judge(gallery, name, [draft for _, draft in drafts]), strict=True
    ):
        if verdict.error is not None:
            refused.append(refusal(source, verdict.error))
            continue
        kept.append(draft)
        if verdict.warning is not None:
            warnings.append(f"{source_name(source)}: {verdict.warning}")
    if not kept:
        return Enrollment(gallery.find(name), name, (), tuple(refused), tuple(warnings))
    identity, samples = gallery.add(name, kept, rules.consent)
    return Enrollment(identity, identity.name, samples, tuple(refused), tuple(warnings))


def _draft(gallery: GalleryStore, name: str, extraction: Extraction, rules: Rules) -> SampleDraft | None:
    """A sample to store, or None if this picture is enrolled for this person already.

    Raises:
        PoorQuality: the face is too poor.
        DuplicateSample: the picture is enrolled for somebody else.
    """
    face = extraction.face
    rules.gate.refuse_poor(face.quality)
    digest = content_sha256(extraction)
    owner = gallery.owner_of(digest)
    if owner is None:
        crop = face.crop if rules.keep_crops else None
        return SampleDraft(face.embedding, crop, face.quality, digest)
    if gallery.same_name(owner.name, name):
        return None
    raise DuplicateSample(
        f"this very picture is enrolled as {owner.name!r}", "remove it there first, or use another picture"
    )


def refusal(source: ImageSource, error: FacenetAppError) -> RefusedImage:
    """A picture, or a folder, that was not enrolled, and why."""
    reasons = error.reasons if isinstance(error, PoorQuality) else ()
    return RefusedImage(source_name(source), error.code, str(error), reasons)


def folders_of_people(root: Path) -> list[tuple[Path, list[Path]]]:
    """The folders in ``root`` that hold pictures, in order of name, with their pictures.

    Hidden files and folders do not count (macOS leaves ``._photo.jpg`` beside pictures). A folder
    that cannot be read is there without pictures.

    Raises:
        UsageError: ``root`` is not a folder that can be read, or holds no folder with pictures.
    """
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(
            f"{root} is not a folder that can be read", "give a folder with one folder of pictures per person"
        ) from error
    people = [(folder, pictures) for folder in folders if (pictures := _pictures(folder)) is not None]
    if not people:
        raise UsageError(
            f"{root} holds no folder with pictures", "put each person's pictures into a folder of that name"
        )
    return people


def _pictures(folder: Path) -> list[Path] | None:
    """The pictures of a folder, None if it has none; an empty list if it cannot be read."""
    try:
        files = sorted(folder.iterdir())
    except OSError:
        return []
    found = [f for f in files if f.suffix.lower() in PICTURE_SUFFIXES and not f.name.startswith(".")]
    return found or None
