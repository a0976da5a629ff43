"""From a configuration to a run: data, network and loss by name, then the trainer."""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import torch
from torch import nn

from facenet_app.dataset.labelled import LabelledImages, in_memory, subset
from facenet_app.dataset.pack import open_pack
from facenet_app.dataset.pictures import open_folder, open_list
from facenet_app.errors import UsageError
from facenet_app.settings import Settings
from facenet_app.training import checkpoint
from facenet_app.training.backbone import build_backbone, completed, first_weights
from facenet_app.training.config import DataConfig, ModelConfig, TrainConfig, load_config
from facenet_app.training.distributed import joined
from facenet_app.training.finish import TrainingResult
from facenet_app.training.losses import make_loss
from facenet_app.training.progress import Terminal
from facenet_app.training.trainer import Trainer
from facenet_app.training.watcher import Silent

__all__ = ["begin", "go_on", "open_images"]


def begin(config: TrainConfig, settings: Settings, run: Path | None = None) -> TrainingResult:
    """Begin a run; in each of several processes if torchrun started them.

    Args:
        config: with ``data.path``.
        settings: where models and runs are.
        run: folder for it; by default ``<runs>/<time>-<network>``.

    Raises:
        FacenetAppError: as :class:`~facenet_app.training.trainer.Trainer` and its ``fit``.
    """
    model = completed(config.model or ModelConfig(), settings.models)
    config = config.model_copy(update={"model": model})
    folder = run or settings.runs / f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S}-{model.network}"
    return _run(config, folder, settings, resume=False)


def go_on(run: Path, settings: Settings, data: Path | None = None) -> TrainingResult:
    """Go on with a run from its newest checkpoint. Raises as :func:`begin`.

    Args:
        run: its folder.
        settings: where models are.
        data: where its data are now, if they were moved.
    """
    if not (run / "config.json").is_file():
        raise UsageError(f"{run} is not the folder of a run", "give the folder that holds its config.json")
    return _run(load_config(run / "config.json").with_data(data), run, settings, resume=True)


def open_images(path: Path, config: DataConfig) -> LabelledImages:
    """Prepared packs, lists (CSV) of cropped pictures, or folders of them, whichever this is.

    Raises:
        UsageError: it is none of them, or has no picture of the people asked for.
    """
    images: LabelledImages
    if (path / "index.json").is_file():
        images = open_pack(path)
    elif path.suffix.lower() == ".csv":
        images = open_list(path, config.side)
    else:
        images = open_folder(path, config.side)
    if config.people is not None:
        images = subset(images, people=_listed(config.people) & set(images.people))
    return in_memory(images) if config.in_memory else images


def _run(config: TrainConfig, run: Path, settings: Settings, *, resume: bool) -> TrainingResult:
    if config.data.path is None:
        raise UsageError("there is no data to learn from", "give --data, or data.path in the configuration")
    assert config.model is not None
    cuda = config.device.startswith("cuda") or (config.device == "auto" and torch.cuda.is_available())
    with ExitStack() as opened:
        world = opened.enter_context(joined(cuda=cuda))
        run = world.agreed_path(run)
        data = open_images(config.data.path, config.data)
        elsewhere = config.held_out.path
        held_out = (
            open_images(elsewhere, config.data.model_copy(update={"people": None})) if elsewhere else None
        )
        model = build_backbone(config.model, config.seed)
        if checkpoint.newest(run) is None:  # also of a run that was killed before its first
            first_weights(model, config.model, settings.models, settings.cache)
        _check_fits(model, data, config.model.network)
        loss = make_loss(config.loss.name, **config.loss.settings)
        watcher = opened.enter_context(Terminal(config.held_out.fmr)) if world.leads else Silent()
        trainer = Trainer(model, data, loss, config, run, held_out, world=world, watcher=watcher)
        return trainer.fit(resume=resume)


def _check_fits(model: nn.Module, data: LabelledImages, network: str) -> None:
    """Raises UsageError: the network cannot take pictures of this size."""
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 3, data.side, data.side))
    except RuntimeError as error:
        raise UsageError(
            f"the network {network} cannot take pictures of {data.side} by {data.side} pixels",
            "prepare larger ones, or choose another network (`model.network`)",
        ) from error
    finally:
        model.train()


def _listed(path: Path) -> set[str]:
    """The names of a list: a name a line, as LFW's lists have them before a tab."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the list of people {path} cannot be read", "check the path of the file") from error
    return {name for line in lines if (name := line.partition("\t")[0].strip())}
