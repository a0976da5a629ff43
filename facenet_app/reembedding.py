"""Embedding stored crops with the model in use, also those that another model's alignment made."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.rules import Asked, Measured
from facenet_app.domain import Changeover, FaceCrop
from facenet_app.errors import FacenetAppError, GalleryError
from facenet_app.extraction import FaceExtractor

if TYPE_CHECKING:
    from facenet_app.gallery.store import GalleryStore

__all__ = ["crop_vectors", "try_model"]


def crop_vectors(extractor: FaceExtractor, crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
    """float32 (crops, dimension); the face of a crop that was aligned for another model is found again.

    Raises:
        GalleryError: it is not found.
    """
    embedder = extractor.embedder
    ready = [crop for crop in crops if crop.alignment == embedder.alignment]
    others = [crop.pixels for crop in crops if crop.alignment != embedder.alignment]
    embedded, extracted = iter(embedder.embed(ready)), extractor.extract_many(others)
    vectors = []
    for crop in crops:
        if crop.alignment == embedder.alignment:
            vectors.append(next(embedded).vector)
            continue
        outcome = next(extracted)
        if isinstance(outcome, FacenetAppError):
            raise GalleryError(
                f"{extractor.model} finds no face in a stored picture, so nothing was changed",
                "keep the gallery's model, or enroll the people again",
            ) from outcome
        vectors.append(outcome.face.embedding.vector)
    return np.stack(vectors)


def try_model(
    extractor: FaceExtractor,
    store: "GalleryStore",
    measured: tuple[Measured, Measured],
    asked: Asked,
    progress: Callable[[int, int], None] | None,
) -> Changeover:
    """See ``FaceService.try_reembedding``; ``measured`` are the gallery's model and the extractor's."""
    from facenet_app.gallery.changeover import Trial

    samples = sum(person.samples for person in store.identities())
    old, new = (Trial(each.model, each.for_search(asked, samples).point) for each in measured)
    return store.try_model(old, new, partial(crop_vectors, extractor), progress)
