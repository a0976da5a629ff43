"""What a training run is told: one frozen object, which a TOML file or Python fills.

Every key is explained here, in ``docs/training.md`` and in the files of ``configs/``; one that does not
exist is refused, not ignored.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from facenet_app.errors import UsageError
from facenet_app.training.augment import AugmentConfig

__all__ = [
    "BatchConfig",
    "DataConfig",
    "EmaConfig",
    "GroupConfig",
    "GuardConfig",
    "HeldOutConfig",
    "LossConfig",
    "ModelConfig",
    "OptimizerConfig",
    "ScheduleConfig",
    "TrainConfig",
    "load_config",
]


class Section(BaseModel):
    """A table of the file: immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, protected_namespaces=())


class ModelConfig(Section):
    """Which network, and what a model made of it says of itself."""

    network: str = Field("mobilefacenet", description="a name of facenet_app.embedding.networks")
    dimension: int | None = Field(None, ge=2, description="of an embedding; by default the network's usual")
    start: str | None = Field(
        None,
        description="model whose weights to begin with: an id or a run's folder; its network counts then",
    )
    detector: Literal["yunet", "mtcnn"] = Field("yunet", description="that the model will be used with")
    mean: float = Field(127.5, description="the network sees (RGB - mean) * scale, RGB 0 to 255")
    scale: float = Field(0.0078125, gt=0, description="see mean")
    license: str = Field("not stated", description="of the weights, for the manifest")


class DataConfig(Section):
    """What to learn from."""

    path: Path | None = Field(None, description="a prepared pack, or a folder of already cropped pictures")
    people: Path | None = Field(None, description="list of those to use: a name a line, up to the first tab")
    side: int = Field(112, ge=16, description="pixels; for a folder, whose pictures are resized to it")
    in_memory: bool = Field(True, description="decode everything once: 37.6 MB for 1,000 crops of 112 pixels")


class HeldOutConfig(Section):
    """People that are measured and never learned from."""

    path: Path | None = Field(None, description="their pictures, as data.path; else a share of the people")
    share: float = Field(0.1, ge=0, lt=1, description="of the people, if there is no path; 0: nobody")
    fmr: float = Field(1e-3, gt=0, lt=1, description="the best model has the highest TAR at this FMR")
    patience: int | None = Field(None, ge=1, description="measurements without a better TAR before stopping")
    every: int = Field(1, ge=1, description="epochs between two measurements; the last is always measured")


class BatchConfig(Section):
    """P people × K images, over all processes together."""

    people: int = Field(30, ge=1, description="groups in a batch")
    images: int = Field(4, ge=2, description="images in a group")
    strangers: int = Field(0, ge=0, description="groups that are people with one image each")
    chunk: int = Field(
        0, ge=0, description="images in memory at once, of each process; 0: all. The gradient is the same"
    )


class LossConfig(Section):
    """A loss of facenet_app.training.losses; keys besides ``name`` are its settings."""

    model_config = ConfigDict(extra="allow")

    name: str = "triplet_semi_hard"

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class GroupConfig(Section):
    """Parameters that learn at another rate."""

    prefix: str = Field(description="beginning of the parameters' names; the longest that fits counts")
    factor: float = Field(gt=0, description="times the rate")


class OptimizerConfig(Section):
    """How weights follow gradients."""

    name: Literal["adamw", "sgd"] = "adamw"
    rate: float = Field(1e-3, gt=0, description="learning rate after warm-up")
    weight_decay: float = Field(0.0, ge=0, description="of weights with two dimensions or more")
    momentum: float = Field(0.9, ge=0, lt=1, description="of SGD, with Nesterov's step")
    betas: tuple[float, float] = Field((0.9, 0.999), description="of AdamW")
    clip: float | None = Field(1.0, gt=0, description="largest norm of the gradient")
    freeze: tuple[str, ...] = Field((), description="parameters whose names begin so do not learn")
    groups: tuple[GroupConfig, ...] = ()
    l2_sp: float = Field(
        0.0, ge=0, description="pull towards the first weights, decoupled like AdamW's decay (L2-SP)"
    )


class ScheduleConfig(Section):
    """How the learning rate changes."""

    name: Literal["cosine", "step", "plateau", "constant"] = "cosine"
    warm_up: float = Field(0.0, ge=0, description="epochs in which the rate rises linearly from 0")
    floor: float = Field(0.01, ge=0, le=1, description="share of the rate where cosine and plateau end")
    milestones: tuple[float, ...] = Field((), description="epochs after which step multiplies by factor")
    factor: float = Field(0.1, gt=0, lt=1, description="of step and plateau")
    patience: int = Field(2, ge=1, description="measurements without a better TAR before plateau multiplies")


class EmaConfig(Section):
    """The moving average of the weights, which then is what is measured and kept."""

    decay: float = Field(0.0, ge=0, lt=1, description="0: no average; 0.999 averages about 1,000 steps")


class GuardConfig(Section):
    """When a run is stopped because it leads nowhere."""

    window: int = Field(50, ge=2, description="batches in a row that must look collapsed")
    distance: float = Field(0.05, ge=0, le=2, description="mean distance of embeddings that is a collapse")
    spread: float = Field(0.005, ge=0, le=2, description="standard deviation of distances that is one")


class TrainConfig(Section):
    """Everything about a run. ``data`` and ``loss`` are for runs that a file describes."""

    seed: int = Field(0, ge=0, description="of all that is drawn by lot")
    epochs: int = Field(10, ge=1, description="in each, everybody with two images or more is seen")
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of the network's arithmetic; auto: bfloat16 on CUDA"
    )
    channels_last: bool = Field(True, description="memory layout; quicker for convolutions")
    compile: bool = Field(False, description="torch.compile: minutes at the start, quicker steps")
    batch_norm: Literal["train", "frozen", "synchronized"] = Field(
        "train", description="frozen: keeps its statistics; synchronized: over all processes, on CUDA"
    )
    dropout: bool = Field(True, description="false: nothing is dropped out, as when fine-tuning gently")
    checkpoint_every: int = Field(0, ge=0, description="batches; 0: at the end of each epoch only")
    log_every: int = Field(10, ge=1, description="batches between two lines of metrics.jsonl")
    tensorboard: bool = True
    report: bool = Field(True, description="draw report.html at the end; seconds that a search can spare")
    model: ModelConfig | None = None
    data: DataConfig = DataConfig()  # pydantic fills in every default
    held_out: HeldOutConfig = HeldOutConfig()
    batch: BatchConfig = BatchConfig()
    augment: AugmentConfig | None = Field(None, description="None: pictures stay as they are")
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    ema: EmaConfig = EmaConfig()
    guards: GuardConfig = GuardConfig()

    def with_data(self, path: Path | None) -> "TrainConfig":
        """The same, learning from ``path`` if that is given."""
        data = self.data if path is None else self.data.model_copy(update={"path": path})
        return self.model_copy(update={"data": data})

    @field_validator("augment", mode="before")
    @classmethod
    def _known_changes(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        try:
            return AugmentConfig(**value)
        except TypeError as error:
            raise ValueError(str(error).partition("() ")[2]) from error
        except UsageError as error:
            raise ValueError(error.message) from error

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.schedule.name == "step" and not self.schedule.milestones:
            raise ValueError("the schedule 'step' needs milestones")
        if self.schedule.warm_up >= self.epochs:
            raise ValueError("the warm-up is as long as the whole run")
        return self


def load_config(path: Path) -> TrainConfig:
    """The configuration in a file, TOML or (as a run keeps it) JSON.

    Raises:
        UsageError: it cannot be read, or a key or value is not one; the message names it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            return TrainConfig.model_validate_json(text)
        return TrainConfig.model_validate(tomllib.loads(text))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", "check the path of the file") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML ({error})", "correct the line") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        where = f"{path}: {key}" if key else str(path)
        raise UsageError(
            f"{where}: {first['msg'].removeprefix('Value error, ').lower()}",
            "see docs/training.md for the keys",
        ) from error
