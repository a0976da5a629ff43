"""Samples made up from a seed: unit vectors of 16 numbers, noise for pixels."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Embedding, FaceCrop, Quality, SampleDraft
from facenet_app.gallery.store import GalleryStore

MODEL, FINGERPRINT = "net-a", "net-a:0123"
DIMENSION = 16


def unit(seed: int, dimension: int = DIMENSION) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def embedding(seed: int, fingerprint: str = FINGERPRINT) -> Embedding:
    return Embedding(unit(seed), fingerprint)


def crop(seed: int, size: int = 12) -> FaceCrop:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return FaceCrop(pixels, "five-points-112")


def draft(seed: int, *, fingerprint: str = FINGERPRINT, keep_crop: bool = True) -> SampleDraft:
    return SampleDraft(
        embedding=embedding(seed, fingerprint),
        crop=crop(seed) if keep_crop else None,
        quality=Quality(eye_distance=40.0 + seed % 7, sharpness=3.5, reasons=()),
        content_sha256=digest(seed),
    )


def digest(seed: int) -> str:
    """Of the picture of ``draft(seed)``."""
    return hashlib.sha256(str(seed).encode()).hexdigest()


def contents(store: GalleryStore) -> list[tuple[str, list[str]]]:
    """Everybody with the digests of their samples."""
    return [(who.name, [s.content_sha256 for s in store.samples(who.id)]) for who in store.identities()]


def embed_differently(crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
    """Another model: eight numbers that depend on the pixels alone."""
    return np.stack([unit(int(each.pixels.sum()), 8) for each in crops])
