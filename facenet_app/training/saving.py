"""A run in a checkpoint and back: model, optimizer, average, random numbers, and what it knows."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from facenet_app import __version__
from facenet_app.errors import ModelError
from facenet_app.training import checkpoint
from facenet_app.training.guards import CollapseDetector
from facenet_app.training.loop import Loop
from facenet_app.training.state import RunState

__all__ = ["restore_run", "save_run"]


def save_run(
    run: Path, loop: Loop, state: RunState, collapse: CollapseDetector, data: Mapping[str, str | None]
) -> None:
    """Write a checkpoint.

    Args:
        run: the run's folder.
        loop: the weights and everything that follows them.
        state: where the run is.
        collapse: the guard, which remembers the last batches.
        data: fingerprints, by what the data are for.

    Raises:
        ModelError: it cannot be written.
    """
    tensors: dict[str, Mapping[str, Tensor]] = {
        "model": loop.model.state_dict(),
        "optimizer": checkpoint.optimizer_tensors(loop.optimizer),
        "random": _random_states(),
    }
    if loop.ema is not None:
        tensors["average"] = loop.ema.average
    if loop.pull is not None:
        tensors["start"] = {str(number): each for number, each in enumerate(loop.pull.start)}
    document = {
        "version": __version__,
        "torch": torch.__version__,
        "config": loop.config.model_dump(mode="json"),
        "data": dict(data),
        "state": state.to_dict(),
        "schedule": loop.schedule.state(),
        "collapse": collapse.state(),
        "average_updates": loop.ema.updates if loop.ema else 0,
    }
    checkpoint.save(run, state.at.step, document, tensors)


def restore_run(found: checkpoint.Checkpoint, loop: Loop, collapse: CollapseDetector) -> RunState:
    """The counterpart of :func:`save_run`: gives the state, and puts the rest into its place.

    Raises:
        ModelError: the checkpoint does not fit the run.
    """
    document, tensors = found.document, found.tensors
    checkpoint.restore_weights(loop.model, tensors["model"])
    try:
        checkpoint.restore_optimizer(loop.optimizer, tensors["optimizer"])
        if loop.ema is not None:
            loop.ema.restore(tensors["average"], document["average_updates"])
        if loop.pull is not None:
            loop.pull.restore(tensors["start"])
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise ModelError(
            "the checkpoint was written by a run with other settings",
            "go on with the configuration that the run began with, its config.json",
        ) from error
    _restore_random_states(tensors["random"])
    loop.schedule.restore(document["schedule"])
    collapse.restore(document["collapse"])
    return RunState.from_dict(document["state"])


def _random_states() -> dict[str, Tensor]:
    """PyTorch's generators. Steps seed them anew, but a model of one's own may draw numbers elsewhere."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states |= {f"cuda:{index}": each for index, each in enumerate(torch.cuda.get_rng_state_all())}
    return states


def _restore_random_states(states: Mapping[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        if f"cuda:{index}" in states:
            torch.cuda.set_rng_state(states[f"cuda:{index}"], index)
