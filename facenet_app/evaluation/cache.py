"""Embeddings kept on disk between evaluations, by content of the picture and way of embedding it.

One folder for each recipe (weights, preprocessing, detector and its settings), in it files that are
written once under the digest of their own content: several processes can add to it at a time, and a
damaged file is noticed and made again. The folder may be deleted at any time. Embeddings are
biometric data: only the user who made them can read the files.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.aside import write_whole
from facenet_app.domain import Selection
from facenet_app.errors import UsageError
from facenet_app.evaluation.measures import MEASURES
from facenet_app.imaging.quality_score import CONSTANT, TERMS
from facenet_app.settings import Settings

__all__ = ["EmbeddingCache", "MeasuredFace", "open_cache"]

LAYOUT: Final = 1
"""Of the files; part of the recipe, so that another layout is another folder."""
PACKAGES: Final = ("facenet-app", "opencv-python-headless", "pillow")
"""What decodes pictures, finds faces and aligns them: other versions may give other pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredFace:
    """float32 unit vector (D,) and float32 measurements (Q,) as in :mod:`.measures`."""

    vector: NDArray[np.float32]
    measures: NDArray[np.float32]


class EmbeddingCache:
    """What is known of pictures embedded by one recipe.

    Args:
        folder: of all recipes.
        recipe: everything but the picture that decides the embedding and whether a face is found.
    """

    def __init__(self, folder: Path, recipe: str) -> None:
        self.folder = folder / hashlib.sha256(recipe.encode()).hexdigest()[:32]
        self._known: dict[bytes, MeasuredFace | None] = {}
        for path in sorted(self.folder.glob("*.npz")):
            self._load(path)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, digest: object) -> bool:
        return digest in self._known

    def __getitem__(self, digest: bytes) -> MeasuredFace | None:
        """The face of the picture with this SHA-256, or None if it shows none. Raises KeyError."""
        return self._known[digest]

    def add(self, faces: Mapping[bytes, MeasuredFace | None]) -> None:
        """Keep these, by the SHA-256 of their pictures' files; None: no face was found.

        Raises:
            UsageError: the folder cannot be written.
        """
        if not faces:
            return
        found = [face for face in faces.values() if face is not None]
        buffer = io.BytesIO()
        np.savez(
            buffer,
            digests=np.frombuffer(b"".join(faces), np.uint8).reshape(len(faces), 32),
            found=np.array([face is not None for face in faces.values()]),
            vectors=np.array([face.vector for face in found], np.float32),
            measures=np.array([face.measures for face in found], np.float32),
        )
        self._write(buffer.getvalue())
        self._known.update(faces)

    def _write(self, content: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(self.folder / f"{_name(content)}.npz", content)
        except OSError as error:
            raise UsageError(
                f"embeddings cannot be kept in {self.folder} ({error.strerror})",
                "set FACENET_APP_CACHE to a folder that you can write to",
            ) from error

    def _load(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # another process found it damaged
            return
        if _name(content) != path.stem:
            path.unlink(missing_ok=True)
            return
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            faces = zip(arrays["vectors"], arrays["measures"], strict=True)
            for digest, found in zip(arrays["digests"], arrays["found"], strict=True):
                self._known[digest.tobytes()] = MeasuredFace(*next(faces)) if found else None


def open_cache(settings: Settings, fingerprint: str, detector: str, selection: Selection) -> EmbeddingCache:
    """The cache for what an extractor gives under these settings.

    Args:
        settings: where the cache is, and how faces are looked for.
        fingerprint: of the extractor.
        detector: the name of the extractor's detector.
        selection: which face of several is embedded.
    """
    recipe = (
        f"layout {LAYOUT}",
        *(f"{package} {version(package)}" for package in PACKAGES),
        " ".join(each.name for each in MEASURES),
        f"{dict(TERMS)} {CONSTANT}",
        fingerprint,
        f"{detector} {settings.detector_score} {settings.smallest_face} {settings.detection_side}",
        selection.value,
    )
    return EmbeddingCache(settings.cache / "embeddings", "\n".join(recipe))


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
