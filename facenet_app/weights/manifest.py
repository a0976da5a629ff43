"""Model manifests: what a model is, where its weights come from, and what was measured with it.

A model lives in ``models/<id>/``: ``manifest.json``, ``README.md`` (its card), and weights if they
were trained with this program. Users have such a folder of their own, which `facenet-app models add`
fills. Numbers of a model travel with it: its operating points are in the manifest.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from facenet_app.domain import OperatingPoint
from facenet_app.errors import ModelError, UnknownModel

__all__ = [
    "VALID_ID",
    "Manifest",
    "Preprocessing",
    "Source",
    "is_path",
    "load_manifest",
    "manifests",
    "model_ids",
    "models_folder",
    "read_manifest",
]

SCHEMA = 1
PIPELINE = 2
"""Part of every fingerprint; raised whenever decoding or aligning gives other crops than before."""
VALID_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Ids become names of files and folders."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the weights come from.

    ``kind`` is ``package`` (a file inside an installed Python package; ``path`` is relative to it),
    ``download`` (``url``) or ``file`` (``path`` is a file beside the manifest, as training writes it).
    ``sha256`` and ``size`` (bytes) are those of that file; where its publisher gave no digest they are
    None, and the first download's digest is recorded. A ``file`` always has one.
    """

    kind: Literal["package", "download", "file"]
    format: Literal["onnx", "pt", "safetensors"]
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
    """One model. ``network`` names a builder of :mod:`facenet_app.embedding.networks`.

    ``folder`` is where the manifest was read from, and where its card and its own weights are.
    """

    id: str
    title: str
    network: str
    dimension: int
    detector: Literal["yunet", "mtcnn"]
    license: str
    preprocessing: Preprocessing
    source: Source
    operating_points: tuple[OperatingPoint, ...]
    folder: Path = Path()

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
        """The manifest as its file has it and ``models show --json`` prints it, without ``folder``."""
        return {
            "schema": SCHEMA,
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


def model_ids(own: Path | None = None) -> tuple[str, ...]:
    """The ids of all models with a manifest, in order.

    Args:
        own: folder of the user's own models, ``Settings.models``; None for those of the program alone.
    """
    folders = [models_folder(), own] if own else [models_folder()]
    return tuple(sorted({path.parent.name for each in folders for path in each.glob("*/manifest.json")}))


def load_manifest(model_id: str, own: Path | None = None) -> Manifest:
    """The manifest of one model.

    Args:
        model_id: an id; or the path of a training run, or of any folder with a manifest in it, which
            has a slash in it or starts with a dot.
        own: folder of the user's own models, see :func:`model_ids`. The program's come first.

    Raises:
        UnknownModel: there is none with this id.
        ModelError: its manifest cannot be read.
    """
    shipped = models_folder() / model_id
    if is_path(model_id):
        folder = Path(model_id)
        # A training run keeps its model in a folder of this name.
        return read_manifest(folder / "model" if (folder / "model").is_dir() else folder)
    for folder in (shipped, own / model_id) if own else (shipped,):
        if (folder / "manifest.json").is_file():
            return read_manifest(folder)
    raise UnknownModel(
        f"there is no model {model_id!r}",
        f"choose one of {', '.join(model_ids(own))}, or give the folder of a training run",
    )


def is_path(model_id: str) -> bool:
    """Whether this names a folder rather than a model by its id."""
    return model_id.startswith(".") or "/" in model_id or "\\" in model_id


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a model's folder.

    Raises:
        UnknownModel: there is none.
        ModelError: it cannot be read, or is not of this version.
    """
    path = folder / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ModelError(f"{path} has schema {data['schema']}, not {SCHEMA}", "update facenet-app")
        source = Source(**data["source"])
        if source.kind == "file" and (not source.sha256 or Path(source.path).name != source.path):
            raise ValueError("weights of kind file need a digest and a plain file name")
        if not VALID_ID.fullmatch(data["id"]):
            raise ValueError(f"{data['id']!r} cannot be an id")
        return Manifest(
            id=data["id"],
            title=data["title"],
            network=data["network"],
            dimension=data["dimension"],
            detector=data["detector"],
            license=data["license"],
            preprocessing=Preprocessing(**data["preprocessing"]),
            source=source,
            operating_points=tuple(OperatingPoint.from_dict(point) for point in data["operating_points"]),
            folder=folder,
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnknownModel(
            f"there is no model in {folder}", "give the folder of a training run, or see `models list`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} cannot be read ({error})", "install facenet_app or add the model again"
        ) from error


def manifests(own: Path | None = None) -> tuple[Manifest, ...]:
    """All manifests, in order of id; ``own`` as in :func:`model_ids`."""
    return tuple(load_manifest(model_id, own) for model_id in model_ids(own))
