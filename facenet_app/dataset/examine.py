"""Looking at every picture of a list once: what it holds, how good it is, and what to recognize it by."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facenet_app.dataset.listing import Listing
from facenet_app.domain import Extraction, Quality, Selection
from facenet_app.errors import FacenetAppError, ImageError, NoFaceFound
from facenet_app.extraction import FaceExtractor, content_sha256
from facenet_app.imaging.containers import essentials
from facenet_app.imaging.decode import ImageSource, decode
from facenet_app.imaging.formats import recognize
from facenet_app.imaging.limits import read_file

__all__ = ["Examination", "Seen", "examine"]

THUMBNAIL: Final = 32
UPRIGHT_FROM: Final = 0.9
"""Score of a face from which no other way up is tried. YuNet gives upright faces 0.91 and more, and faces
that lie on their side or stand on their head 0.89 at most, if it sees them at all."""
BETTER_BY: Final = 0.03
"""By how much a face's score has to rise when the picture is turned."""

Progress = Callable[[int, int], None]
"""Called with how many pictures were looked at and how many there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One picture.

    Attributes:
        error: why it gave no face, if so.
        content: digest of the file, if it could be read.
        pixels: digest of the decoded picture, if it has a face.
        exif_turned: it is stored turned or mirrored, and its EXIF block says so.
        turned: degrees counterclockwise by which the face has to be turned to be upright, in steps of 90.
        faces: how many were found.
        quality: of the prominent one.
        thumbnail: its aligned crop in gray, uint8 (32, 32).
    """

    error: FacenetAppError | None
    content: bytes | None
    pixels: str | None = None
    exif_turned: bool = False
    turned: int = 0
    faces: int = 0
    quality: Quality | None = None
    thumbnail: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """All pictures of a list; ``vectors`` is float32 (N, D), unit vectors or NaN where there is no face."""

    listing: Listing
    seen: tuple[Seen, ...]
    vectors: NDArray[np.float32]

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether there is a face: bool (N,)."""
        return np.isfinite(self.vectors[:, 0])


def examine(extractor: FaceExtractor, listing: Listing, progress: Progress | None = None) -> Examination:
    """Look at every picture. Bad ones are part of the result; nothing is raised for them."""
    contents: list[tuple[bytes | None, bool]] = []
    seen: list[Seen] = []
    vectors: dict[int, NDArray[np.float32]] = {}
    sources = _sources(extractor, listing.paths, contents)
    for row, outcome in enumerate(extractor.extract_many(sources, Selection.PROMINENT)):
        content, exif_turned = contents[row]
        if isinstance(outcome, Extraction):
            vectors[row] = outcome.face.embedding.vector
            seen.append(_with_face(extractor, outcome, content, exif_turned=exif_turned))
        else:
            turned = _turned_file(extractor, listing.paths[row]) if isinstance(outcome, NoFaceFound) else 0
            seen.append(Seen(outcome, content, exif_turned=exif_turned, turned=turned))
        if progress is not None:
            progress(row + 1, len(listing))
    dimension = next(iter(vectors.values())).size if vectors else 1
    stacked = np.full((len(listing), dimension), np.nan, np.float32)
    for row, vector in vectors.items():
        stacked[row] = vector
    return Examination(listing, tuple(seen), stacked)


def _sources(
    extractor: FaceExtractor, paths: Sequence[Path], contents: list[tuple[bytes | None, bool]]
) -> Iterator[ImageSource]:
    """The files' bytes, or the path where there are none; digests go to ``contents`` on the way."""
    for path in paths:
        try:
            data = read_file(path, "the picture", extractor.finder.image_limits.max_bytes)
        except ImageError:
            contents.append((None, False))
            yield path  # it cannot be read there either, and the error is in its place
            continue
        contents.append((hashlib.sha256(data).digest(), _is_stored_turned(data)))
        yield data


def _is_stored_turned(data: bytes) -> bool:
    """Whether the EXIF block of a JPEG, PNG or TIFF file says so."""
    try:
        return essentials(data, recognize(data, "the picture"), "the picture").orientation != 1
    except ImageError:
        return False


def _with_face(
    extractor: FaceExtractor, found: Extraction, content: bytes | None, *, exif_turned: bool
) -> Seen:
    face = found.face
    small = (
        Image.fromarray(face.crop.pixels).convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    )
    return Seen(
        error=None,
        content=content,
        pixels=content_sha256(found),
        exif_turned=exif_turned,
        turned=_turned(extractor, found.pixels, face.face.score),
        faces=found.found,
        quality=face.quality,
        thumbnail=np.asarray(small),
    )


def _turned_file(extractor: FaceExtractor, path: Path) -> int:
    try:
        return _turned(extractor, decode(path, extractor.finder.image_limits), 0)
    except ImageError:  # it was there a moment ago
        return 0


def _turned(extractor: FaceExtractor, pixels: NDArray[np.uint8], score: float) -> int:
    """Degrees counterclockwise by which a picture shows a face better than with this score; else 0."""
    if score >= UPRIGHT_FROM:
        return 0
    best, degrees = max(UPRIGHT_FROM, score + BETTER_BY), 0
    for quarter in (1, 2, 3):
        faces = extractor.detector.detect(np.ascontiguousarray(np.rot90(pixels, quarter)))
        if faces and faces[0].score >= best:
            best, degrees = faces[0].score, 90 * quarter
    return degrees
