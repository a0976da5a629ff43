"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all.

A checkpoint is written beside its final place and renamed once all of it is on disk, and only then are
older ones removed: whenever a run is killed, the newest complete checkpoint is sound. It says what it
is of: configuration, version, fingerprints of the data. No pickle is written or read.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from facenet_app.errors import ModelError, UsageError
from facenet_app.weights.store import sha256_of

__all__ = ["Checkpoint", "newest", "optimizer_tensors", "restore_optimizer", "restore_weights", "save"]

FORMAT: Final = 1
_FOLDER: Final = "checkpoints"
_NAME: Final = re.compile(r"\d{9}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``document`` is what ``state.json`` says; ``tensors`` by file and name."""

    document: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]]


def save(
    run: Path, step: int, document: Mapping[str, Any], tensors: Mapping[str, Mapping[str, Tensor]]
) -> Path:
    """Write a checkpoint and remove those before it.

    Args:
        run: the run's folder.
        step: batches learned from so far; names the checkpoint.
        document: what JSON can hold.
        tensors: by file name (without ending) and tensor name.

    Raises:
        ModelError: the folder cannot be written.
    """
    folder = run / _FOLDER
    place, aside = folder / f"{step:09d}", folder / f"{step:09d}.partial"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        digests = {}
        for name, content in tensors.items():
            path = aside / f"{name}.safetensors"
            # A copy on the CPU without channels-last strides, which safetensors cannot express.
            save_file({key: each.detach().cpu().contiguous() for key, each in content.items()}, path)
            _on_disk(path)
            digests[path.name] = sha256_of(path)
        state = aside / "state.json"
        state.write_text(json.dumps({"format": FORMAT, **document, "files": digests}, indent=1))
        _on_disk(state)
        shutil.rmtree(place, ignore_errors=True)  # the same step again, after going on from an older one
        aside.rename(place)
    except OSError as error:
        raise ModelError(
            f"the checkpoint cannot be written to {folder} ({error.strerror or error})",
            "free some space there, and go on with `facenet-app train --resume`",
        ) from error
    for other in folder.iterdir():
        if other != place:
            shutil.rmtree(other, ignore_errors=True)
    return place


def newest(run: Path) -> Checkpoint | None:
    """The newest complete checkpoint of a run; None if there is none.

    Raises:
        ModelError: it is damaged, or of another version of the format.
    """
    folder = run / _FOLDER
    found = [each for each in folder.glob("*") if _NAME.fullmatch(each.name)]
    if not found:
        return None
    place = max(found)
    try:
        document = json.loads((place / "state.json").read_text())
        if document["format"] != FORMAT:
            raise UsageError(
                f"{place} has the format {document['format']}, not {FORMAT}",
                "go on with the version of facenet-app that wrote it",
            )
        tensors = {}
        for name, digest in document["files"].items():
            path = place / Path(name).name
            if sha256_of(path) != digest:
                raise ValueError(f"{name} was changed")
            tensors[path.stem] = load_file(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelError(
            f"the checkpoint {place} is damaged ({error})", "begin the run again, in a new folder"
        ) from error
    return Checkpoint(document, tensors)


def restore_weights(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give a model the weights of a checkpoint, in the memory layout that it has.

    Raises:
        ModelError: they are another network's.
    """
    try:
        model.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise ModelError(
            "the checkpoint is of another network than the one that shall go on learning",
            "give the network that the run began with",
        ) from error


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The state of an optimizer as ``<parameter>.<name>``; rates are set anew at each step."""
    return {
        f"{parameter}.{name}": value
        for parameter, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
        if value is not None
    }


def restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The counterpart of :func:`optimizer_tensors`.

    Tensors get their parameter's memory layout back: other strides take other code paths, which round
    differently, and a run that goes on would no longer be the same to the last bit.
    """
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        like_it = value.ndim and value.shape == parameter.shape
        laid_out = torch.empty_like(parameter, dtype=value.dtype).copy_(value) if like_it else value
        state.setdefault(int(number), {})[name] = laid_out
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _on_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
