"""From pictures to drafts of samples, without a gallery: the part of enrolling that takes the time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from facenet_app.domain import Extraction, Notice, RefusedImage, SampleDraft, Selection
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import FaceError, ImageError
from facenet_app.extraction import FaceExtractor, FoundFaces, content_sha256, picture_warnings
from facenet_app.imaging.limits import read_file

__all__ = ["Examined", "Examiner", "Known", "Outcome", "Picture", "examined", "read_picture"]

MEMORY = 100_000_000
"""Bytes of decoded pictures that wait for their embeddings at a time, or one picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture file, how it is called, and the SHA-256 of the bytes in hexadecimal."""

    source: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """A picture with a face: what would be stored, and what its owner should know of it."""

    source: str
    draft: SampleDraft
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A picture whose very bytes are enrolled for the person already; it was not decoded."""

    source: str


Outcome = Examined | Known | RefusedImage
"""What is known of a picture before the gallery is asked."""


def read_picture(source: str, most: int) -> Picture:
    """A picture file of ``most`` bytes. Raises ImageError if it cannot be read."""
    # The bytes are handed on, not the path: another process or machine may not have the file.
    data = read_file(source, "the picture", most)
    return Picture(source, data, hashlib.sha256(data).hexdigest())


def examined(source: str, extraction: Extraction, file_sha256: str | None = None) -> Examined:
    """What one picture gave."""
    face = extraction.face
    draft = SampleDraft(
        face.embedding, face.crop, face.quality, content_sha256(extraction), file_sha256=file_sha256
    )
    return Examined(source, draft, picture_warnings(source, extraction))


class Examiner:
    """Examines portions of pictures; safe to call from several threads.

    Args:
        extractor: makes the embeddings, those of a portion together.
        selection: which face of several is the person's.
    """

    def __init__(self, extractor: FaceExtractor, selection: Selection) -> None:
        self._extractor = extractor
        self._selection = selection

    def __call__(self, portion: Sequence[Picture]) -> list[Outcome]:
        """One outcome a picture, in order."""
        outcomes: list[Outcome] = []
        waiting: list[tuple[Picture, FoundFaces | RefusedImage]] = []
        held = 0
        for picture in portion:
            found = self._find(picture)
            waiting.append((picture, found))
            held += found.pixels.nbytes if isinstance(found, FoundFaces) else 0
            if held > MEMORY:
                outcomes += self._embedded(waiting)
                waiting, held = [], 0
        return outcomes + self._embedded(waiting)

    def _find(self, picture: Picture) -> FoundFaces | RefusedImage:
        try:
            return self._extractor.finder.find(picture.data, self._selection)
        except (ImageError, FaceError) as error:
            return refusal(picture.source, error)

    def _embedded(self, waiting: Sequence[tuple[Picture, FoundFaces | RefusedImage]]) -> list[Outcome]:
        crops = [crop for _, found in waiting if isinstance(found, FoundFaces) for crop in found.crops]
        embeddings = iter(self._extractor.embedder.embed(crops))
        return [
            examined(picture.source, found.with_embeddings([next(embeddings)]), picture.sha256)
            if isinstance(found, FoundFaces)
            else found
            for picture, found in waiting
        ]
