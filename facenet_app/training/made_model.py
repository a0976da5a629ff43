"""What a run leaves for use: a folder with weights, a manifest and a card, as the program's own models have.

The weights are named after their digest and the manifest is replaced in one step, so a reader finds the
model before or the model after, never one's manifest with the other's weights.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from facenet_app.domain import OperatingPoint
from facenet_app.errors import ModelError
from facenet_app.training.card import Origin, card
from facenet_app.weights.manifest import Manifest, Preprocessing, Source
from facenet_app.weights.store import write_aside

__all__ = ["FOLDER", "describe", "keep_weights", "remove_others", "write_model"]

FOLDER = "model"


def keep_weights(run: Path, tensors: Mapping[str, Tensor]) -> Path:
    """Write weights into the run's model folder; returns the file. Others stay: see :func:`remove_others`."""
    data = save({name: each.detach().cpu().contiguous() for name, each in tensors.items()})
    path = run / FOLDER / f"weights-{hashlib.sha256(data).hexdigest()[:12]}.safetensors"
    write_aside(path, data)
    return path


def describe(
    run: Path, weights: Path, origin: Origin, points: Sequence[OperatingPoint] = ()
) -> Manifest | None:
    """The manifest of a run's model; None if the program could not use it.

    It cannot where the configuration names no network, or pictures are not aligned as it aligns faces.
    """
    model = origin.config.model
    if model is None or model.dimension is None or not _is_known(origin.alignment):
        return None
    data = weights.read_bytes()
    return Manifest(
        id=re.sub(r"[^A-Za-z0-9._-]+", "-", run.resolve().name).lstrip("._-")[:100] or "run",
        title=f"{model.network}, trained with {origin.config.loss.name} on {origin.people:,} people",
        network=model.network,
        dimension=model.dimension,
        detector=model.detector,
        license=model.license,
        preprocessing=Preprocessing(origin.alignment, model.mean, model.scale),
        source=Source(
            kind="file",
            format="safetensors",
            url="",
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            path=weights.name,
        ),
        operating_points=tuple(points),
        folder=run / FOLDER,
    )


def write_model(manifest: Manifest, origin: Origin) -> None:
    """Write manifest and card beside the weights."""
    document = json.dumps(manifest.to_dict(), indent=2).encode()
    write_aside(manifest.folder / "README.md", card(manifest, origin).encode())
    write_aside(manifest.folder / "manifest.json", document + b"\n")


def remove_others(run: Path, weights: str) -> None:
    """Remove all weights but these; to be called when a checkpoint names these."""
    for path in (run / FOLDER).glob("weights-*.safetensors"):
        if path.name != weights:
            path.unlink()


def _is_known(alignment: str) -> bool:
    from facenet_app.imaging.align import crop_side  # with it comes OpenCV, which training does without

    try:
        crop_side(alignment)
    except ModelError:
        return False
    return True
