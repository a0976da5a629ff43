"""Whole runs: something is learned, written down, measured, and stopped when it should be."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from small import LEARNS, config, images, network
from torch import Tensor, nn

from facenet_app.dataset.labelled import subset
from facenet_app.errors import TrainingFailed, UsageError
from facenet_app.training.finish import TrainingResult
from facenet_app.training.loop import Position
from facenet_app.training.losses import LossResult, make_loss
from facenet_app.training.metrics import read_metrics
from facenet_app.training.progress import Terminal, epoch_line
from facenet_app.training.trainer import Trainer


def trained(run: Path, **changes: Any) -> TrainingResult:
    loss = make_loss("triplet_semi_hard", margin=0.4)
    return Trainer(network(), images(24, 6), loss, config(**(LEARNS | changes)), run).fit()


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return trained(tmp_path_factory.mktemp("runs") / "learned", report=True)


def test_people_never_seen_are_told_apart_better(learned: TrainingResult) -> None:
    assert learned.start is not None
    assert learned.best is not None
    assert learned.best.tar[0.05] > learned.start.tar[0.05] + 0.05


def test_what_is_known_of_every_epoch(learned: TrainingResult) -> None:
    start, *epochs = [each for each in read_metrics(learned.run) if each["kind"] == "epoch"]
    assert start["epoch"] == 0
    assert [each["epoch"] for each in epochs] == list(range(1, 9))
    wanted = {"loss", "triplets", "active", "semi_hard", "fallback", "mean_ap", "mean_an", "norm", "rate"}
    wanted |= {"images_per_second", "data_wait", "distance", "spread", "gradient", "seconds", "held_out"}
    for each in epochs:
        assert wanted <= set(each)
        assert 0 <= each["data_wait"] <= 1
        assert each["images_per_second"] > 0
        assert set(each["held_out"]["tar"]) >= {"0.05"}
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    steps = [each["step"] for each in read_metrics(learned.run) if each["kind"] == "step"]
    assert steps == list(range(1, len(steps) + 1))


def test_the_weights_kept_are_those_that_were_best(learned: TrainingResult) -> None:
    measured = [
        (each["held_out"]["tar"]["0.05"], each["epoch"])
        for each in read_metrics(learned.run)
        if each["kind"] == "epoch" and each["epoch"]
    ]
    best, epoch = max(measured, key=lambda each: (each[0], -each[1]))
    assert learned.best is not None
    assert (learned.best.tar[0.05], learned.best_epoch) == (best, epoch)
    assert learned.weights is not None
    assert set(load_file(learned.weights)) == set(network().state_dict())


def test_the_report_is_one_file_with_curves_and_people(learned: TrainingResult) -> None:
    assert learned.report is not None
    page = learned.report.read_text(encoding="utf-8")
    assert page.count("<svg") == 9
    for words in ("Held-out people", "Mined distances", "Learning rate", "before training", "after"):
        assert words in page
    assert 'src="' not in page  # nothing is loaded
    assert "url(http" not in page
    assert "person 1" not in page  # names are nobody's business
    assert f"{learned.best_epoch}, the best of these" in page


def test_tensorboard_gets_the_same_numbers(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result = trained(tmp_path / "run", epochs=2, tensorboard=True)
    events = EventAccumulator(str(result.run / "tensorboard")).Reload()
    losses = [each.value for each in events.Scalars("epoch/loss")]
    expected = [
        each["loss"] for each in read_metrics(result.run) if each["kind"] == "epoch" and "loss" in each
    ]
    assert losses == pytest.approx(expected)
    assert "epoch/held_out/tar/0.05" in events.Tags()["scalars"]


def test_patience_ends_a_run(tmp_path: Path) -> None:
    still = {"rate": 1e-9}
    result = trained(
        tmp_path / "run",
        optimizer=still,
        batch_norm="frozen",
        held_out={"share": 0.3, "fmr": 0.05, "patience": 2},
    )
    assert result.epochs == 3
    assert result.best_epoch == 1


def test_measuring_every_other_epoch(tmp_path: Path) -> None:
    result = trained(tmp_path / "run", epochs=5, held_out={"share": 0.3, "fmr": 0.05, "every": 2})
    measured = [each["epoch"] for each in read_metrics(result.run) if "held_out" in each]
    assert measured == [0, 2, 4, 5]


def test_without_held_out_people_the_last_weights_are_kept(tmp_path: Path) -> None:
    result = trained(tmp_path / "run", epochs=2, held_out={"share": 0}, report=True)
    assert (result.best, result.best_epoch) == (None, 2)
    assert result.report is not None
    assert "Nobody was held out" in result.report.read_text(encoding="utf-8")


def test_frozen_statistics_stay(tmp_path: Path) -> None:
    result = trained(tmp_path / "run", epochs=1, batch_norm="frozen")
    assert result.weights is not None
    weights = load_file(result.weights)
    assert torch.equal(weights["1.running_mean"], torch.zeros(4))
    assert not torch.equal(weights["1.weight"], torch.ones(4))


def test_dropout_can_be_left_out(tmp_path: Path) -> None:
    loop = Trainer(
        network(), images(), make_loss("triplet_semi_hard"), config(dropout=False), tmp_path / "run"
    ).loop
    next(loop.steps(Position()))
    training = {type(each).__name__: each.training for each in loop.model.children()}
    assert not training["Dropout"]
    assert training["BatchNorm2d"]


@pytest.mark.parametrize("changes", [{"precision": "bfloat16"}, {"channels_last": False}])
def test_other_arithmetic_learns_too(tmp_path: Path, changes: dict[str, Any]) -> None:
    result = trained(tmp_path / "run", **changes)
    assert result.start is not None
    assert result.best is not None
    assert result.best.tar[0.05] > result.start.tar[0.05] + 0.05


class Broken(nn.Module):
    """A loss that is not a number from the third batch on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, embeddings: Tensor, _: Tensor) -> LossResult:
        self.calls += 1
        return LossResult(embeddings.sum() * (torch.nan if self.calls > 2 else 0.1), {})


def test_nan_stops_the_run_and_names_the_batch(tmp_path: Path) -> None:
    trainer = Trainer(network(), images(24, 6), Broken(), config(**LEARNS), tmp_path / "run")
    with pytest.raises(TrainingFailed, match=r"the loss is not a number in epoch 2, batch 1 \(images "):
        trainer.fit()
    told = json.loads((tmp_path / "run" / "stopped.json").read_text())
    assert (told["code"], told["epoch"], told["batch"], len(told["rows"])) == ("training_failed", 1, 0, 32)
    assert all(torch.isfinite(each).all() for each in trainer.loop.model.parameters())


class Pulling(nn.Module):
    """A loss that pulls everything together."""

    def forward(self, embeddings: Tensor, _: Tensor) -> LossResult:
        return LossResult((embeddings - embeddings.detach().mean(0)).square().mean(), {})


def test_a_collapse_stops_the_run(tmp_path: Path) -> None:
    settings = config(**(LEARNS | {"epochs": 500, "guards": {"window": 5, "distance": 0.1}}))
    trainer = Trainer(network(norm=False), images(24, 6), Pulling(), settings, tmp_path / "run")
    with pytest.raises(TrainingFailed, match="collapsed: for 5 batches"):
        trainer.fit()
    assert trainer.loop.schedule.factor(0) == 1


def test_people_in_both_sets_are_refused(tmp_path: Path) -> None:
    data, loss = images(), make_loss("triplet_semi_hard")
    learned, held_out = subset(data, range(40)), subset(data, range(36, 64))
    with pytest.raises(UsageError, match="also learned from"):
        Trainer(network(), learned, loss, config(), tmp_path / "run", held_out)


def test_a_margin_that_cannot_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        Trainer(network(), images(), make_loss("triplet_semi_hard", margin=5), config(), tmp_path / "run")


def test_a_line_for_each_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal(0.05) as terminal:
        loss = make_loss("triplet_semi_hard", margin=0.4)
        settings = config(**(LEARNS | {"epochs": 2}))
        Trainer(network(), images(24, 6), loss, settings, tmp_path / "run", watcher=terminal).fit()
    start, first, second = capsys.readouterr().err.splitlines()
    assert start.startswith("start  TAR 0.")
    assert first.startswith("epoch 1/2  loss 0.")
    assert " images/s, data wait " in second
    assert "at FMR 0.05" in second
    assert all(f"  {name} " in second for name in ("active", "semi-hard", "fallback", "d_ap", "norm", "rate"))
    assert epoch_line({"epoch": 3}, 9, 0.01) == "epoch 3/9"
    assert epoch_line({"epoch": 3, "gpu_memory_mib": 1234.5}, 9, 0.01) == "epoch 3/9  GPU 1,234 MiB"
