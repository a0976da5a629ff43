"""People made up from a seed, enrolled without any picture being looked at."""

import hashlib

import numpy as np

from facenet_app.domain import Embedding, FaceCrop, Quality, SampleDraft
from facenet_app.service import FaceService


def draft(service: FaceService, seed: int, near: int | None = None) -> SampleDraft:
    """A sample in a direction of its own, or close to that of another seed."""
    vector = np.random.default_rng(seed).normal(size=128)
    if near is not None:
        vector = np.random.default_rng(near).normal(size=128) + 0.05 * vector
    pixels = np.random.default_rng(seed).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    return SampleDraft(
        embedding=Embedding(
            (vector / np.linalg.norm(vector)).astype(np.float32), service.extractor.fingerprint
        ),
        crop=FaceCrop(pixels, "five-points-112"),
        quality=Quality(eye_distance=40.0, sharpness=5.0, reasons=()),
        content_sha256=hashlib.sha256(str(seed).encode()).hexdigest(),
    )


def enroll_made(service: FaceService, name: str, *seeds: int, near: int | None = None) -> None:
    service.gallery.add(name, [draft(service, seed, near) for seed in seeds])
