"""The one pipeline: picture -> decode, detect, select, align, assess, embed.

Python, the command line, the page and the evaluation all go through here, so the same picture
gives the same embedding everywhere.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from facenet_app.detection.base import FaceDetector
from facenet_app.detection.select import select
from facenet_app.domain import (
    DetectedFace,
    Embedding,
    ExtractedFace,
    Extraction,
    FaceCrop,
    FaceNumber,
    Notice,
    NoticeCode,
    Quality,
    Selection,
    source_name,
)
from facenet_app.embedding.embedder import FaceEmbedder
from facenet_app.errors import FacenetAppError, NoFaceFound
from facenet_app.imaging.align import align
from facenet_app.imaging.decode import ImageLimits, ImageSource, decode
from facenet_app.imaging.quality import ADVICE, QualityLimits, assess
from facenet_app.processes import usable_cores

__all__ = ["FaceExtractor", "FaceFinder", "FoundFaces", "content_sha256", "picture_warnings"]

BATCH = 32
"""Most pictures embedded at a time in :meth:`FaceExtractor.extract_many`."""
MEMORY = 400_000_000
"""Bytes of decoded pictures that it holds, if four of the largest fit into it."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundFaces:
    """A picture with its faces, all done but the embeddings.

    Attributes:
        pixels: the decoded picture, RGB uint8 (height, width, 3).
        faces: those selected, best first, with their crops.
        found: how many faces there were in all.
        selection: the policy, and in ``used_because`` why these faces were taken.
    """

    pixels: NDArray[np.uint8]
    faces: tuple[tuple[DetectedFace, FaceCrop, Quality], ...]
    found: int
    selection: Selection | FaceNumber
    used_because: str

    @property
    def crops(self) -> list[FaceCrop]:
        return [crop for _, crop, _ in self.faces]

    def with_embeddings(self, embeddings: Sequence[Embedding]) -> Extraction:
        """The same with one embedding for each of the faces."""
        faces = tuple(
            ExtractedFace(face, crop, quality, embedding)
            for (face, crop, quality), embedding in zip(self.faces, embeddings, strict=True)
        )
        return Extraction(self.pixels, faces, self.found, self.selection, self.used_because)


@dataclass(frozen=True, slots=True)
class FaceFinder:
    """The pipeline up to the aligned crop, which needs no model. Safe to call from several threads.

    Attributes:
        detector: finds faces.
        alignment: of the crops, see :mod:`facenet_app.imaging.align`.
        image_limits: refuse larger pictures.
        quality_limits: mark poorer faces.
    """

    detector: FaceDetector
    alignment: str
    image_limits: ImageLimits
    quality_limits: QualityLimits

    def find(self, source: ImageSource, selection: Selection | FaceNumber) -> FoundFaces:
        """The faces of one picture, selected, aligned and assessed.

        Raises:
            ImageError: the picture cannot be read or is refused.
            NoFaceFound: it shows no face.
            UsageError: it shows no face of that number.
        """
        pixels = decode(source, self.image_limits)
        found = self.detector.detect(pixels)
        if not found:
            raise NoFaceFound(
                f"no face was found in {source_name(source)}",
                "use a picture that shows the whole face, upright and well lit",
            )
        height, width = pixels.shape[:2]
        chosen, because = select(found, selection, width, height)
        faces = []
        for face in chosen:
            crop = align(pixels, face, self.alignment)
            faces.append((face, crop, assess(face, crop, self.quality_limits)))
        return FoundFaces(pixels, tuple(faces), len(found), selection, because)


class FaceExtractor:
    """Turns pictures into faces with embeddings. Safe to call from several threads.

    Args:
        model: the id of the embedder's model, for results.
        detector: finds faces.
        embedder: makes embeddings, and says which alignment it wants.
        image_limits: refuse larger pictures.
        quality_limits: mark poorer faces.
    """

    def __init__(
        self,
        model: str,
        detector: FaceDetector,
        embedder: FaceEmbedder,
        image_limits: ImageLimits,
        quality_limits: QualityLimits,
    ) -> None:
        self.model = model
        self.detector = detector
        self.embedder = embedder
        self.finder = FaceFinder(detector, embedder.alignment, image_limits, quality_limits)
        # One for all callers: making threads for each pair of photos takes longer than handing over to them.
        self._pool = ThreadPoolExecutor(usable_cores(), thread_name_prefix="finding")

    @property
    def fingerprint(self) -> str:
        """Of every embedding made here."""
        return self.embedder.fingerprint

    def extract(self, source: ImageSource, selection: Selection = Selection.PROMINENT) -> Extraction:
        """The faces of one picture.

        Raises:
            ImageError: the picture cannot be read or is refused.
            NoFaceFound: it shows no face.
        """
        prepared = self.finder.find(source, selection)
        return prepared.with_embeddings(self.embedder.embed(prepared.crops))

    def extract_each(
        self, sources: Sequence[ImageSource], selections: Sequence[Selection | FaceNumber]
    ) -> list[Extraction]:
        """Several pictures side by side, each with its selection; the first error is raised.

        Raises as :meth:`FaceFinder.find`.
        """
        return self._embed(list(self._pool.map(self.finder.find, sources, selections)))

    def extract_many(
        self, sources: Iterable[ImageSource], selection: Selection = Selection.PROMINENT
    ) -> Iterator[Extraction | FacenetAppError]:
        """Any number of pictures at full speed, in order; errors are yielded, not raised.

        Pictures are prepared in threads while earlier ones are embedded in batches. So many decoded
        pictures are held at a time as fit into ``MEMORY``, four at least.
        """
        waiting = iter(sources)
        queue: deque[Future[FoundFaces]] = deque()
        largest = 0
        with ThreadPoolExecutor(2) as pool:
            try:
                while True:
                    room = max(4, min(2 * BATCH, MEMORY // largest)) if largest else 4
                    for source in islice(waiting, max(0, room - len(queue))):
                        queue.append(pool.submit(self.finder.find, source, selection))
                    if not queue:
                        return
                    batch = [_outcome(queue.popleft()) for _ in range(min(len(queue), room // 2))]
                    largest = max([largest, *(o.pixels.nbytes for o in batch if isinstance(o, FoundFaces))])
                    yield from self._finish(batch)
            finally:  # nobody waits for what is left if the work is given up
                pool.shutdown(cancel_futures=True)

    def _finish(
        self, outcomes: Sequence[FoundFaces | FacenetAppError]
    ) -> Iterator[Extraction | FacenetAppError]:
        done = iter(self._embed([outcome for outcome in outcomes if isinstance(outcome, FoundFaces)]))
        for outcome in outcomes:
            yield outcome if isinstance(outcome, FacenetAppError) else next(done)

    def _embed(self, prepared: Sequence[FoundFaces]) -> list[Extraction]:
        embeddings = iter(self.embedder.embed([crop for picture in prepared for crop in picture.crops]))
        return [picture.with_embeddings(list(islice(embeddings, len(picture.faces)))) for picture in prepared]


def _outcome(future: Future[FoundFaces]) -> FoundFaces | FacenetAppError:
    try:
        return future.result()
    except FacenetAppError as error:
        return error


def content_sha256(extraction: Extraction) -> str:
    """A digest of the decoded picture: equal for the same picture in any file format that kept its
    pixels, whichever detector or model looks at it.
    """
    digest = hashlib.sha256(f"{extraction.pixels.shape}".encode())
    digest.update(extraction.pixels.tobytes())
    return digest.hexdigest()


def picture_warnings(which: str, extraction: Extraction) -> tuple[Notice, ...]:
    """What a user should know of a picture that is used all the same; ``which`` is how it is called."""
    warnings = [Notice(reason, f"{ADVICE[reason]}.", which) for reason in extraction.face.quality.reasons]
    if extraction.found > 1:
        sentence = f"{extraction.found} faces found; {extraction.used_because}."
        values: dict[str, str | float] = {"number": extraction.found, "selection": extraction.selection.value}
        warnings.append(Notice(NoticeCode.SEVERAL_FACES, sentence, which, values))
    return tuple(warnings)
