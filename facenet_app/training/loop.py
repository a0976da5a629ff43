"""The training loop: what happens to one batch after another, and nothing else.

Everything random in a step follows from the seed and the number of the step, so a run that goes on from
a checkpoint sees what it would have seen.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from facenet_app.dataset.labelled import LabelledImages
from facenet_app.training.augment import Augmentation
from facenet_app.training.batches import Batch, read_ahead
from facenet_app.training.config import ModelConfig, TrainConfig
from facenet_app.training.distributed import World
from facenet_app.training.ema import Ema
from facenet_app.training.gradients import Outcome, batch_gradients, spread_of
from facenet_app.training.guards import check_finite
from facenet_app.training.losses import LossResult
from facenet_app.training.optimizer import PullToStart, freeze, make_optimizer, set_rate
from facenet_app.training.sampler import PeopleSampler
from facenet_app.training.schedule import Schedule

__all__ = ["Loop", "Position", "Step"]

EVALUATED = {"cpu": 32, "cuda": 512, "mps": 64}
"""Faces embedded at a time where no gradient is needed."""


@dataclass(slots=True)
class Position:
    """Where a run is: ``epoch`` and ``batch`` within it, both from 0, and ``step`` over all epochs."""

    epoch: int = 0
    batch: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch gave: numbers by name, its images, and the seconds it was waited for."""

    numbers: dict[str, float]
    rate: float
    images: int
    waited: float


class Loop:
    """A model, what it learns from, and everything that changes its weights.

    Args:
        model: maps float (n, 3, side, side), preprocessed, to (n, D); moved to the device.
        images: to learn from.
        loss: of unit vectors and labels.
        config: see :class:`~facenet_app.training.config.TrainConfig`.
        world: the processes that learn together.
        device: where to compute.
    """

    def __init__(
        self,
        model: nn.Module,
        images: LabelledImages,
        loss: Callable[[Tensor, Tensor], LossResult],
        config: TrainConfig,
        world: World,
        device: torch.device,
    ) -> None:
        self.config, self.world, self.device = config, world, device
        self.images, self.loss = images, loss
        self._layout = torch.channels_last if config.channels_last else torch.contiguous_format
        if config.batch_norm == "synchronized":
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]  # PyTorch has no types here
        self.model = model.to(device).to(memory_format=self._layout)
        self._dtype = next(model.parameters()).dtype
        freeze(model, config.optimizer.freeze)
        self.optimizer: Optimizer = make_optimizer(model, config.optimizer)
        self.pull = PullToStart(self.optimizer, config.optimizer.l2_sp) if config.optimizer.l2_sp else None
        self.ema = Ema(model, config.ema.decay) if config.ema.decay else None
        sizes = config.batch
        self.sampler = PeopleSampler(
            images.labels,
            people=sizes.people,
            images=sizes.images,
            seed=config.seed,
            strangers=sizes.strangers,
        )
        self.sampler.batches(0, world=world.size)  # refuses batches that cannot be shared out
        self.schedule = Schedule(config.schedule, self.sampler.batches_per_epoch, config.epochs)
        self._augment = Augmentation(config.augment) if config.augment else None
        self._input = config.model or ModelConfig()
        self._runner = self._wrapped()
        wants_half = config.precision == "bfloat16" or (config.precision == "auto" and device.type == "cuda")
        self._half = wants_half and self._dtype == torch.float32

    def steps(self, at: Position) -> Iterator[Step]:
        """Learn from the rest of an epoch, batch by batch; ``at`` is moved along.

        Raises:
            TrainingFailed: loss or gradient is not a number; the weights are still those before.
        """
        self._learning_mode()
        optimizer, parameters = self.optimizer, list(self.model.parameters())
        rows = self.sampler.batches(at.epoch, start=at.batch)
        for batch in read_ahead(self.images, rows, self.device, self.world):
            rate = self.config.optimizer.rate * self.schedule.factor(at.step)
            set_rate(optimizer, rate)
            outcome = self._gradients(batch, at.step)
            gradient = nn.utils.clip_grad_norm_(parameters, self.config.optimizer.clip or float("inf"))
            numbers = _numbers(outcome, gradient)
            where = f"epoch {at.epoch + 1}, batch {at.batch + 1}"
            check_finite(numbers["loss"], numbers["gradient"], where, batch.rows.tolist())
            optimizer.step()
            optimizer.zero_grad()
            if self.pull is not None:
                self.pull.apply()
            if self.ema is not None:
                self.ema.update()
            at.step, at.batch = at.step + 1, at.batch + 1
            yield Step(numbers, rate, len(batch.rows) * self.world.size, batch.waited)

    def averaged(self) -> AbstractContextManager[None]:
        """While this lasts the model has the weights that are measured and kept: the average, if any."""
        return nullcontext() if self.ema is None else self.ema.applied()

    @torch.no_grad()
    def embed(self, images: LabelledImages) -> NDArray[np.float32]:
        """float32 (N, D) unit vectors of pictures as they are, in full precision."""
        self.model.eval()
        size = EVALUATED[self.device.type]
        rows = (np.arange(start, min(start + size, len(images))) for start in range(0, len(images), size))
        parts = [
            nn.functional.normalize(self.model(self._preprocessed(batch.pixels)).float()).cpu()
            for batch in read_ahead(images, rows, self.device)
        ]
        return torch.cat(parts).numpy()

    def _gradients(self, batch: Batch, step: int) -> Outcome:
        """Add up the gradients of one batch."""
        seed = _seed(self.config.seed, step, self.world.rank)
        faces = batch.pixels
        if self._augment is not None:
            faces = self._augment(faces, torch.Generator().manual_seed(seed))

        def embed(piece: Tensor, number: int) -> Tensor:
            torch.manual_seed(seed + 1 + number)  # both passes over a piece drop out the same
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
                vectors: Tensor = self._runner(self._preprocessed(piece))
            return vectors

        return batch_gradients(
            self._runner,
            self.loss,
            embed,
            (faces, batch.labels),
            chunk=self.config.batch.chunk,
            world=self.world,
        )

    def _preprocessed(self, faces: Tensor) -> Tensor:
        scaled = (faces.to(self._dtype) - self._input.mean) * self._input.scale
        return scaled.contiguous(memory_format=self._layout)

    def _learning_mode(self) -> None:
        self.model.train()
        still: tuple[type[nn.Module], ...] = (_BatchNorm,) if self.config.batch_norm == "frozen" else ()
        if not self.config.dropout:
            still += (_DropoutNd,)
        for module in self.model.modules():
            if isinstance(module, still):
                module.eval()

    def _wrapped(self) -> nn.Module:
        """The model as it is run in training; its parameters are the model's."""
        runner = cast(nn.Module, torch.compile(self.model)) if self.config.compile else self.model
        if self.world.size == 1:
            return runner
        devices = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(runner, device_ids=devices)


def _seed(seed: int, step: int, rank: int) -> int:
    """A number of 62 bits that follows from these three."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> np.uint64(2))


def _numbers(outcome: Outcome, gradient: Tensor) -> dict[str, float]:
    """All that is to be known of a batch, in one transfer from the device."""
    distance, spread = spread_of(outcome.embeddings)
    tensors = {
        "loss": outcome.loss.value.detach(),
        "gradient": gradient,
        "norm": outcome.norms.mean(),
        "distance": distance,
        "spread": spread,
        **outcome.loss.statistics,
    }
    values = torch.stack([each.to(outcome.norms) for each in tensors.values()]).tolist()
    return dict(zip(tensors, values, strict=True))
