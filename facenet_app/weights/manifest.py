"""Model manifests: what a model is, where its weights come from, and what was measured with it.

A model lives in ``models/<id>/``: ``manifest.json``, ``README.md`` (its card), and weights if this
project trained them. Numbers of a model travel with it: its operating points are in the manifest.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from facenet_app.domain import OperatingPoint
from facenet_app.errors import ModelError, UnknownModel

__all__ = ["Manifest", "Preprocessing", "Source", "load_manifest", "manifests", "model_ids", "models_folder"]

SCHEMA = 1
PIPELINE = 2
"""Part of every fingerprint; raised whenever decoding or aligning gives other crops than before."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the weights come from.

    ``kind`` is ``package`` (a file inside an installed Python package; ``path`` is relative to it)
    or ``download`` (``url``). ``sha256`` and ``size`` (bytes) are those of that file; where its
    publisher gave no digest they are None, and the first download's digest is recorded.
    """

    kind: Literal["package", "download"]
    format: Literal["onnx", "pt"]
    url: str
    sha256: str | None = None
    size: int | None = None
    package: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From an aligned crop to the network's input: ``(RGB - mean) * scale``, RGB 0 … 255.

    ``alignment`` names an alignment of :mod:`facenet_app.imaging.align`, which fixes the size.
    """

    alignment: str
    mean: float
    scale: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model. ``network`` names a builder of :mod:`facenet_app.embedding.networks`."""

    id: str
    title: str
    network: str
    dimension: int
    detector: Literal["yunet", "mtcnn"]
    license: str
    preprocessing: Preprocessing
    source: Source
    operating_points: tuple[OperatingPoint, ...]

    def fingerprint(self, weights_sha256: str) -> str:
        """16 hex digits that name the weights and the preprocessing together.

        Embeddings may be compared only if they were made under one fingerprint.
        """
        recipe = {
            "pipeline": PIPELINE,
            "network": self.network,
            "weights": weights_sha256,
            "alignment": self.preprocessing.alignment,
            "mean": self.preprocessing.mean,
            "scale": self.preprocessing.scale,
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The manifest as ``models show --json`` prints it."""
        return {
            "id": self.id,
            "title": self.title,
            "network": self.network,
            "dimension": self.dimension,
            "detector": self.detector,
            "license": self.license,
            "preprocessing": {
                "alignment": self.preprocessing.alignment,
                "mean": self.preprocessing.mean,
                "scale": self.preprocessing.scale,
            },
            "source": {
                "kind": self.source.kind,
                "format": self.source.format,
                "url": self.source.url,
                "sha256": self.source.sha256,
                "size": self.source.size,
                "package": self.source.package,
                "path": self.source.path,
            },
            "operating_points": [point.to_dict() for point in self.operating_points],
        }


def models_folder() -> Path:
    """The folder of the models: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parents[1]
    packed = package / "_models"
    return packed if packed.is_dir() else package.parent / "models"


@cache
def model_ids() -> tuple[str, ...]:
    """The ids of all models with a manifest, in order."""
    return tuple(sorted(path.parent.name for path in models_folder().glob("*/manifest.json")))


@cache
def load_manifest(model_id: str) -> Manifest:
    """The manifest of one model.

    Raises:
        UnknownModel: there is none with this id.
        ModelError: its manifest cannot be read.
    """
    if model_id not in model_ids():
        raise UnknownModel(f"there is no model {model_id!r}", f"choose one of {', '.join(model_ids())}")
    path = models_folder() / model_id / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ModelError(f"the manifest of {model_id} has schema {data['schema']}, not {SCHEMA}")
        return Manifest(
            id=data["id"],
            title=data["title"],
            network=data["network"],
            dimension=data["dimension"],
            detector=data["detector"],
            license=data["license"],
            preprocessing=Preprocessing(**data["preprocessing"]),
            source=Source(**data["source"]),
            operating_points=tuple(OperatingPoint.from_dict(point) for point in data["operating_points"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the manifest of {model_id} cannot be read ({error})", "install facenet_app again"
        ) from error


def manifests() -> tuple[Manifest, ...]:
    """All manifests, in order of id."""
    return tuple(load_manifest(model_id) for model_id in model_ids())
