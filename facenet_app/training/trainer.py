"""A training run from its first batch to its report."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from facenet_app.dataset.labelled import LabelledImages
from facenet_app.embedding.torch_engine import torch_device
from facenet_app.errors import TrainingFailed, UsageError
from facenet_app.training import checkpoint
from facenet_app.training.card import Origin
from facenet_app.training.config import TrainConfig
from facenet_app.training.distance import Distance
from facenet_app.training.distributed import ALONE, World
from facenet_app.training.finish import START, TrainingResult, finished
from facenet_app.training.guards import (
    CollapseDetector,
    advice,
    check_margin,
    check_temperature,
    refuse_leakage,
)
from facenet_app.training.held_out import Measurement, check_enough, measure, split
from facenet_app.training.interrupt import watched
from facenet_app.training.loop import Loop, Step
from facenet_app.training.losses import LossResult
from facenet_app.training.made_model import describe, keep_weights, remove_others, write_model
from facenet_app.training.metrics import Recorder, Totals
from facenet_app.training.saving import restore_run, save_run
from facenet_app.training.state import RunState
from facenet_app.training.watcher import Silent, Watcher
from facenet_app.weights.store import write_aside

__all__ = ["Trainer", "TrainingResult"]


class Trainer:
    """Trains an embedding.

    ::

        result = Trainer(model, data, loss, config, Path("runs/first")).fit()

    Args:
        model: maps float (n, 3, side, side), RGB as ``config.model`` says, to vectors (n, D). Afterwards it
            has the best weights.
        data: what to learn from.
        loss: of :mod:`facenet_app.training.losses`, or anything that maps unit vectors (N, D) and labels
            int64 (N,) to a LossResult.
        config: all numbers; its ``data`` and ``loss`` are not looked at.
        run: folder of the run, made if missing.
        held_out: people to measure on; None takes ``config.held_out.share`` of those of ``data``.
        world: the processes that learn together.
        watcher: is told how it goes.

    Raises:
        UsageError: the parts do not fit together, or people are in both sets.
        DeviceUnavailable: the device cannot be had.
    """

    def __init__(  # noqa: PLR0913 (model, data, loss and numbers are what training is; the rest has defaults)
        self,
        model: nn.Module,
        data: LabelledImages,
        loss: Callable[[Tensor, Tensor], LossResult],
        config: TrainConfig,
        run: Path,
        held_out: LabelledImages | None = None,
        *,
        world: World = ALONE,
        watcher: Watcher | None = None,
    ) -> None:
        self.config, self.run, self.world = config, Path(run), world
        settings = getattr(loss, "config", None)
        margin: float | None = getattr(settings, "margin", None)
        distance: Distance | None = getattr(settings, "distance", None)
        check_margin(margin, distance)
        check_temperature(getattr(settings, "temperature", None), distance)
        if held_out is None:
            data, held_out = split(data, config.held_out.share, config.seed)
        if held_out is not None:
            refuse_leakage(data, held_out)
            check_enough(held_out, config.held_out.fmr)
        self.data, self.held_out = data, held_out
        device = torch_device(config.device)
        if world.size > 1 and device.type == "cuda":
            device = torch.device("cuda", world.local)
        self.loop = Loop(model, data, loss, config, world, device)
        self._state = RunState()
        self._collapse = CollapseDetector(config.guards, margin)
        self._watcher = watcher or Silent()
        self._recorder: Recorder | None = None

    def fit(self, *, resume: bool = False) -> TrainingResult:
        """Train to the end, or until patience ends it.

        Args:
            resume: go on from the newest checkpoint in the folder, exactly as if nothing had happened.

        Raises:
            TrainingFailed: the run leads nowhere; the message says what was seen and what to try.
            UsageError: the folder holds a run already, or one of other data.
            ModelError: a checkpoint cannot be written or read.
            KeyboardInterrupt: Ctrl-C; a checkpoint was written.
        """
        found = self._found(resume=resume)
        self.world.wait()  # until all have looked, and only then does the one that leads write
        if found is not None:
            self._state = restore_run(found, self.loop, self._collapse)
        with ExitStack() as opened:
            if self.world.leads:
                self._recorder = opened.enter_context(self._opened_recorder())
            self._watcher.begin(self.config.epochs, self.loop.sampler.batches_per_epoch, self._state.at)
            if found is None:
                self._measure_start()
            try:
                while self._state.at.epoch < self.config.epochs and not self._out_of_patience:
                    self._learn_epoch()
            except TrainingFailed as error:
                self._note_failure(error)
                raise
            result = finished(self.run, self.loop, self._state, self.held_out, self._origin())
        self.world.wait()
        return result

    def _note_failure(self, error: TrainingFailed) -> None:
        """Leave all that is known beside the checkpoints; every process writes its own share of the batch."""
        at = self._state.at
        known = {**error.to_dict(), "epoch": at.epoch, "batch": at.batch, "step": at.step, "rows": error.rows}
        name = f"stopped-{self.world.rank}.json" if self.world.size > 1 else "stopped.json"
        write_aside(self.run / name, json.dumps(known, indent=1).encode())

    @property
    def _out_of_patience(self) -> bool:
        patience = self.config.held_out.patience
        return patience is not None and self._state.without_better >= patience

    def _learn_epoch(self) -> None:
        state = self._state
        with watched(active=self.world.size == 1) as wish:
            since = time.perf_counter()
            for step in self.loop.steps(state.at):
                state.totals.add(step, time.perf_counter() - since)
                self._note(step)
                every = self.config.checkpoint_every
                if wish.stop or (every and state.at.step % every == 0):
                    self._save()
                if wish.stop:
                    raise KeyboardInterrupt
                since = time.perf_counter()
        state.at.epoch, state.at.batch = state.at.epoch + 1, 0
        self._end_epoch()
        state.totals = Totals()
        self._save()
        if self.world.leads and state.weights is not None:
            remove_others(self.run, state.weights)

    def _note(self, step: Step) -> None:
        numbers, at = step.numbers, self._state.at
        self._watcher.step(at, step)
        if self._recorder is not None and at.step % self.config.log_every == 0:
            known = {name: value for name, value in numbers.items() if isfinite(value)}
            self._recorder.write("step", at.step, {**known, "rate": step.rate})
        active = numbers.get("active", float("nan"))
        self._collapse.see(numbers["loss"], numbers["distance"], numbers["spread"], active)

    def _end_epoch(self) -> None:
        state, wanted = self._state, self.config.held_out
        last = state.at.epoch == self.config.epochs
        measured = self._measured() if last or state.at.epoch % wanted.every == 0 else None
        tar = self.world.agreed(measured.tar[wanted.fmr] if measured else None, self.loop.device)
        if tar is not None:
            self.loop.schedule.measured(tar)
        if tar is not None and state.best_tar is not None and tar <= state.best_tar:
            state.without_better += 1
        elif tar is not None or self.held_out is None:
            state.best, state.best_tar, state.best_epoch = measured, tar, state.at.epoch
            state.without_better = 0
            self._keep()
        self._record(measured)

    def _measured(self) -> Measurement | None:
        """On the held-out people, by the process that leads."""
        if self.held_out is None or not self.world.leads:
            return None
        with self.loop.averaged():
            vectors = self.loop.embed(self.held_out)
        return measure(vectors, self.held_out.labels, self.config.held_out.fmr)

    def _measure_start(self) -> None:
        """Before the first batch: what the report compares with."""
        if self.held_out is not None and self.world.leads:
            vectors = self.loop.embed(self.held_out)
            save_file({"vectors": vectors}, self.run / START)
            self._state.start = measure(vectors, self.held_out.labels, self.config.held_out.fmr)
        self._record(self._state.start)

    def _keep(self) -> None:
        """Write the present weights into the run's model folder: they are the best so far."""
        if not self.world.leads:
            return
        with self.loop.averaged():
            path = keep_weights(self.run, self.loop.model.state_dict())
        self._state.weights = path.name
        manifest = describe(self.run, path, self._origin())
        if manifest is not None:
            write_model(manifest, self._origin())

    def _origin(self) -> Origin:
        return Origin(
            config=self.config,
            alignment=self.data.alignment,
            people=len(self.data.people),
            images=len(self.data),
            fingerprint=self.data.fingerprint,
            epoch=self._state.best_epoch,
            measured=self._state.best,
        )

    def _record(self, measured: Measurement | None) -> None:
        if self._recorder is None:
            return
        state, device = self._state, self.loop.device
        record: dict[str, Any] = {"epoch": state.at.epoch}
        if state.totals.batches:
            rate = self.config.optimizer.rate * self.loop.schedule.factor(state.at.step - 1)
            record |= {**state.totals.means(), "rate": rate, **state.totals.speed()}
            if said := advice(record.get("active")):
                record["advice"] = said
        if device.type == "cuda":
            record["gpu_memory_mib"] = torch.cuda.max_memory_allocated(device) / 2**20
        if measured is not None:
            record["held_out"] = measured.to_dict()
        self._recorder.write("epoch", state.at.step, record)
        self._watcher.epoch(record)

    def _opened_recorder(self) -> Recorder:
        write_aside(self.run / "config.json", self.config.model_dump_json(indent=1).encode())
        state = self._state
        return Recorder(
            self.run, tensorboard=self.config.tensorboard, kept=state.recorded, step=state.at.step
        )

    def _fingerprints(self) -> dict[str, str | None]:
        held_out = self.held_out.fingerprint if self.held_out else None
        return {"learned_from": self.data.fingerprint, "held_out": held_out}

    def _found(self, *, resume: bool) -> checkpoint.Checkpoint | None:
        """The checkpoint to go on with."""
        found = checkpoint.newest(self.run)
        if not resume and (found or (self.run / "config.json").exists()):
            raise UsageError(
                f"{self.run} holds a run already",
                f"go on with it (`facenet-app train --resume {self.run}`), or give another folder",
            )
        if found and found.document["data"] != self._fingerprints():
            raise UsageError(
                f"{self.run} learned from other data than these",
                "give the data that it began with, or begin another run",
            )
        return found

    def _save(self) -> None:
        if self._recorder is not None:
            self._state.recorded = self._recorder.size
            save_run(self.run, self.loop, self._state, self._collapse, self._fingerprints())
