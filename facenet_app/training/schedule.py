"""The learning rate as a factor of the one asked for: warm-up, then cosine, steps or plateaus.

Cosine: Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts. Linear warm-up: Goyal et al.,
"Accurate, Large Minibatch SGD", 2017.
"""

from math import cos, pi
from typing import Any

from facenet_app.training.config import ScheduleConfig

__all__ = ["Schedule"]


class Schedule:
    """The factor of every step.

    Args:
        config: what was asked for.
        steps_per_epoch: at least 1.
        epochs: of the whole run.
    """

    def __init__(self, config: ScheduleConfig, steps_per_epoch: int, epochs: int) -> None:
        self._config = config
        self._per_epoch = steps_per_epoch
        self._total = steps_per_epoch * epochs
        self._warm_up = round(config.warm_up * steps_per_epoch)
        self._best: float | None = None
        self._waited = 0
        self._reductions = 0

    def factor(self, step: int) -> float:
        """0 … 1 for a step, counted from 0. The first one has a rate already, the last one still has."""
        if step < self._warm_up:
            return (step + 1) / self._warm_up
        config = self._config
        if config.name == "cosine":
            done = (step - self._warm_up) / max(1, self._total - self._warm_up)
            return config.floor + (1 - config.floor) * (1 + cos(pi * min(1.0, done))) / 2
        if config.name == "step":
            passed = sum(step >= milestone * self._per_epoch for milestone in config.milestones)
            return float(config.factor**passed)
        if config.name == "plateau":
            return float(max(config.floor, config.factor**self._reductions))
        return 1.0

    def measured(self, tar: float) -> None:
        """Take note of a measurement (higher is better); only the plateau schedule minds."""
        if self._best is None or tar > self._best:
            self._best, self._waited = tar, 0
            return
        self._waited += 1
        if self._waited >= self._config.patience:
            self._reductions, self._waited = self._reductions + 1, 0

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"best": self._best, "waited": self._waited, "reductions": self._reductions}

    def restore(self, state: dict[str, Any]) -> None:
        self._best, self._waited = state["best"], state["waited"]
        self._reductions = state["reductions"]
