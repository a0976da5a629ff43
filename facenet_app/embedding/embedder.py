"""FaceEmbedder: aligned crops in, embeddings out, whatever engine runs the network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import HALF_MARK, MIRROR_MARK, Embedding, FaceCrop
from facenet_app.embedding.base import Engine
from facenet_app.embedding.device import choose_engine
from facenet_app.errors import ModelMismatch
from facenet_app.settings import Settings
from facenet_app.weights.manifest import Manifest
from facenet_app.weights.store import source_sha256

if TYPE_CHECKING:  # PyTorch takes seconds to import, and the OpenVINO engine does without
    from facenet_app.embedding.preprocess import FaceToVector

__all__ = ["FaceEmbedder", "embedding_fingerprint", "open_embedder"]

CHUNK = {"cpu": 8, "cuda": 256, "mps": 64}
"""Crops a run by device: on CPUs larger batches fall out of the cache and are no quicker."""


class FaceEmbedder:
    """Turns crops into unit vectors with one engine.

    Attributes:
        fingerprint: of all embeddings made here.
        alignment: the alignment that crops must have.
    """

    def __init__(self, engine: Engine, fingerprint: str, alignment: str) -> None:
        self.engine = engine
        self.fingerprint = fingerprint
        self.alignment = alignment

    def embed(self, crops: Sequence[FaceCrop]) -> list[Embedding]:
        """One embedding a crop, in order.

        Raises:
            ModelMismatch: a crop was aligned for another model.
        """
        return [Embedding(vector, self.fingerprint) for vector in self.vectors(crops)]

    def vectors(self, crops: Sequence[FaceCrop]) -> NDArray[np.float32]:
        """float32 (N, dimension) unit vectors of N crops. Raises as :meth:`embed`."""
        for crop in crops:
            if crop.alignment != self.alignment:
                raise ModelMismatch(
                    f"a crop aligned as {crop.alignment!r} was given to a model for {self.alignment!r}",
                    "align the face again from its picture",
                )
        chunk = CHUNK[self.engine.device.partition(":")[0]]
        parts = [
            self.engine.run(np.stack([crop.pixels for crop in crops[start : start + chunk]]))
            for start in range(0, len(crops), chunk)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)


def embedding_fingerprint(manifest: Manifest, settings: Settings) -> str:
    """The fingerprint of embeddings made under these settings.

    Raises:
        WeightsMissing: the model has to be fetched first.
    """
    base = manifest.fingerprint(source_sha256(settings.cache, manifest))
    # What changes embeddings beyond the 1e-4 between engines is part of what made them.
    return base + MIRROR_MARK * settings.mirror + HALF_MARK * (settings.precision == "half")


def open_embedder(manifest: Manifest, settings: Settings, side: int) -> FaceEmbedder:
    """The embedder for a model and the settings' device, engine, threads and mirror.

    Args:
        manifest: the model.
        settings: see :class:`Settings`.
        side: height and width in pixels of the crops of the model's alignment.

    Raises:
        DeviceUnavailable: the device cannot be had.
        ModelError: the weights are missing or damaged.
    """
    fingerprint = embedding_fingerprint(manifest, settings)
    engine = _open_engine(manifest, settings, side, fingerprint)
    return FaceEmbedder(engine, fingerprint, manifest.preprocessing.alignment)


def _open_engine(manifest: Manifest, settings: Settings, side: int, fingerprint: str) -> Engine:
    def load_module() -> "FaceToVector":
        from facenet_app.embedding.networks import load_network
        from facenet_app.embedding.preprocess import FaceToVector

        network = load_network(manifest, settings.cache)
        return FaceToVector(network, manifest.preprocessing, mirror=settings.mirror).eval()

    half = settings.precision == "half"
    if choose_engine(settings) == "openvino":
        from facenet_app.embedding.export import cached_openvino_model
        from facenet_app.embedding.openvino_engine import OpenVinoEngine

        # The same converted model serves both precisions.
        path = cached_openvino_model(settings.cache, fingerprint.removesuffix(HALF_MARK), side, load_module)
        return OpenVinoEngine(path, settings.threads, half=half)
    from facenet_app.embedding.torch_engine import TorchEngine

    return TorchEngine(load_module(), settings.device, settings.threads, half=half)
