"""Pictures to embeddings, each content once: what is known already is not embedded again."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Extraction, Selection
from facenet_app.errors import FacenetAppError, NoFaceFound
from facenet_app.evaluation.cache import EmbeddingCache, MeasuredFace
from facenet_app.evaluation.measures import MEASURES, measure
from facenet_app.evaluation.result import Failure
from facenet_app.extraction import FaceExtractor

__all__ = ["SELECTION", "EmbeddedPictures", "Progress", "embed_pictures", "face_crops"]

SELECTION = Selection.PROMINENT
"""Which face of several is taken: the product's default, whatever the settings say."""

FLUSH = 1024
"""Pictures after which the cache is written: what an interrupted run keeps."""

Progress = Callable[[int, int | None], None]
"""Called with how many pictures are embedded, and how many there are to embed."""

_Outcome = MeasuredFace | FacenetAppError


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPictures:
    """N pictures, embedded by one model.

    Attributes:
        model: its id.
        fingerprint: of all the vectors.
        detector: its name.
        vectors: float32 (N, D) unit vectors; rows of NaN where no face was acquired.
        measures: float32 (N, Q), columns as in ``measures.MEASURES``; NaN as above.
        failures: the pictures without a face and why, in order.
        embedded: pictures embedded now.
        cached: pictures known before, or of the same content as another one.
        seconds: wall time in all.
    """

    model: str
    fingerprint: str
    detector: str
    vectors: NDArray[np.float32]
    measures: NDArray[np.float32]
    failures: tuple[Failure, ...]
    embedded: int
    cached: int
    seconds: float

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether a face was acquired: bool (N,)."""
        return np.isfinite(self.vectors[:, 0])


def embed_pictures(
    extractor: FaceExtractor,
    paths: Sequence[Path],
    cache: EmbeddingCache | None = None,
    progress: Progress | None = None,
) -> EmbeddedPictures:
    """The most prominent face of each picture; a failure where there is none or it cannot be read.

    Args:
        extractor: turns pictures into embeddings.
        paths: N files; equal contents are embedded once.
        cache: of this extractor's recipe; None keeps nothing on disk.
        progress: called after each picture that had to be embedded.

    Raises:
        NoFaceFound: not one of the pictures gave a face.
        UsageError: the cache cannot be written.
    """
    start = time.perf_counter()
    keys = [_digest(path) for path in paths]
    outcomes: dict[bytes, _Outcome] = {}
    new: dict[bytes, Path] = {}
    for key, path in zip(keys, paths, strict=True):
        if cache is not None and key in cache:
            outcomes[key] = cache[key] or _no_face(path)
        else:
            new.setdefault(key, path)
    outcomes.update(_embed(extractor, new, cache, progress))
    faces = [outcomes[key] for key in keys]
    vectors, measures = _stacked(faces)
    return EmbeddedPictures(
        model=extractor.model,
        fingerprint=extractor.fingerprint,
        detector=extractor.detector.name,
        vectors=vectors,
        measures=measures,
        failures=tuple(
            Failure(str(path), face.code, _message(face, path))
            for path, face in zip(paths, faces, strict=True)
            if isinstance(face, FacenetAppError)
        ),
        embedded=len(new),
        cached=len(paths) - len(new),
        seconds=time.perf_counter() - start,
    )


def face_crops(extractor: FaceExtractor, paths: Iterable[Path]) -> Iterator[NDArray[np.uint8] | None]:
    """The aligned face of each picture, RGB uint8 (height, width, 3); None where there is none."""
    for outcome in extractor.extract_many(paths, SELECTION):
        yield outcome.face.crop.pixels if isinstance(outcome, Extraction) else None


def _embed(
    extractor: FaceExtractor,
    new: dict[bytes, Path],
    cache: EmbeddingCache | None,
    progress: Progress | None,
) -> Iterator[tuple[bytes, _Outcome]]:
    unsaved: dict[bytes, MeasuredFace | None] = {}
    try:
        extractions = extractor.extract_many(new.values(), SELECTION)
        for done, (key, extraction) in enumerate(zip(new, extractions, strict=True), 1):
            if isinstance(extraction, Extraction):
                face = extraction.face
                unsaved[key] = known = MeasuredFace(face.embedding.vector, measure(face))
                yield key, known
            else:
                if isinstance(extraction, NoFaceFound):
                    unsaved[key] = None  # other errors may be of the file system or of the limits
                yield key, extraction
            if cache is not None and len(unsaved) >= FLUSH:
                cache.add(unsaved)
                unsaved = {}
            if progress is not None:
                progress(done, len(new))
    finally:
        if cache is not None:
            cache.add(unsaved)


def _stacked(faces: Sequence[_Outcome]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    dimension = next((face.vector.size for face in faces if isinstance(face, MeasuredFace)), 0)
    if dimension == 0:
        raise NoFaceFound(
            f"no face was found in any of the {len(faces):,} pictures", "check the folder and the model"
        )
    vectors = np.full((len(faces), dimension), np.nan, np.float32)
    measures = np.full((len(faces), len(MEASURES)), np.nan, np.float32)
    for row, face in enumerate(faces):
        if isinstance(face, MeasuredFace):
            vectors[row], measures[row] = face.vector, face.measures
    return vectors, measures


def _digest(path: Path) -> bytes:
    """SHA-256 of the content; of the path where there is none to read, which fails later on."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return hashlib.sha256(b"unreadable " + str(path).encode(errors="surrogateescape")).digest()


def _no_face(path: Path) -> NoFaceFound:
    return NoFaceFound(f"no face was found in {path}", "use a picture that shows the whole face")


def _message(error: FacenetAppError, path: Path) -> str:
    # Equal contents share one error, which names the first of their paths.
    return str(_no_face(path)) if isinstance(error, NoFaceFound) else str(error)
