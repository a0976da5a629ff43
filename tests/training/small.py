"""Data and networks small enough to train in a blink."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from facenet_app.dataset.labelled import ArrayImages
from facenet_app.training.config import TrainConfig
from facenet_app.training.losses import make_loss

if TYPE_CHECKING:
    from facenet_app.training.finish import TrainingResult

SIDE = 8

LEARNS: dict[str, Any] = {
    "epochs": 8,
    "optimizer": {"rate": 0.02},
    "batch": {"people": 8, "images": 4},
    "held_out": {"share": 0.3, "fmr": 0.05},
    "ema": {},
    "augment": None,
}
"""Settings with which something is learned of ``images(24, 6)``."""


def images(people: int = 16, each: int = 4, seed: int = 0) -> ArrayImages:
    """People are colored patterns, their pictures noisy copies: can be learned, but not at once."""
    random = np.random.default_rng(seed)
    patterns = random.integers(0, 256, (people, 2, 2, 3))
    labels = np.repeat(np.arange(people), each)
    whole: NDArray[np.int64] = np.kron(patterns[labels], np.ones((1, SIDE // 2, SIDE // 2, 1), np.int64))
    pixels = np.clip(whole + random.normal(0, 60, whole.shape), 0, 255).astype(np.uint8)
    return ArrayImages(pixels, labels, [f"person {number}" for number in range(people)])


def network(*, dropout: float = 0.1, norm: bool = True, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        nn.BatchNorm2d(4) if norm else nn.Identity(),
        nn.PReLU(4),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(4 * (SIDE // 2) ** 2, 8),
    )


def config(**changes: object) -> TrainConfig:
    """Quick, on the CPU, with everything on that has a state."""
    values: dict[str, object] = {
        "epochs": 3,
        "device": "cpu",
        "tensorboard": False,
        "report": False,
        "log_every": 1,
        "augment": {"mirror": 0.5, "geometry": 0, "blur": 0, "low_resolution": 0, "jpeg": 0},
        "batch": {"people": 4, "images": 3, "chunk": 5},
        "held_out": {"share": 0.25, "fmr": 0.1},
        "optimizer": {"rate": 0.01, "l2_sp": 0.1},
        "ema": {"decay": 0.9},
    }
    return TrainConfig.model_validate(values | changes)


def train(run: Path, settings: TrainConfig | None = None, *, resume: bool = False) -> "TrainingResult":
    from facenet_app.training.trainer import Trainer  # slow to import, and not needed by all

    loss = make_loss("triplet_semi_hard", margin=0.4)
    return Trainer(network(), images(), loss, settings or config(checkpoint_every=1), run).fit(resume=resume)
