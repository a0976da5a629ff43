"""A run that is killed and goes on ends as one that was not, to the last bit."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import small
import stopped
import torch
from safetensors.torch import load_file, save_file

from facenet_app.errors import ModelError, UsageError
from facenet_app.training import checkpoint
from facenet_app.training.finish import TrainingResult
from facenet_app.training.losses import make_loss
from facenet_app.training.metrics import read_metrics
from facenet_app.training.trainer import Trainer

TIMED = ("seconds", "images_per_second", "data_wait")
"""Numbers of an epoch that no two runs have in common."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    small.train(run)
    return run


def essence(run: Path) -> tuple[dict[str, str], list[dict[str, object]], list[str]]:
    """The newest checkpoint's files by digest, what was measured, and the weights that were kept."""
    (state,) = (run / "checkpoints").glob("*/state.json")
    digests = json.loads(state.read_text())["files"]
    records = [
        {name: value for name, value in each.items() if name not in TIMED} for each in read_metrics(run)
    ]
    return digests, records, sorted(path.name for path in (run / "model").glob("*.safetensors"))


@pytest.fixture(scope="module")
def stopped_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In a process of its own, a run that Ctrl-C stopped, and one killed once it had a few checkpoints.

    A signal is the business of every library that this process has loaded.
    """
    runs = tmp_path_factory.mktemp("stopped")
    with subprocess.Popen([sys.executable, stopped.__file__, str(runs)]) as process:
        while process.poll() is None and not any(reached(runs / "killed", 4)):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode in (-signal.SIGKILL, 0)
    return runs


def reached(run: Path, steps: int) -> Iterator[bool]:
    for folder in (run / "checkpoints").glob("?????????"):
        yield int(folder.name) >= steps


def test_killed_and_resumed(uninterrupted: Path, stopped_runs: Path) -> None:
    run = stopped_runs / "killed"
    result = small.train(run, resume=True)
    assert result.best is not None
    assert essence(run) == essence(uninterrupted)


def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(stopped_runs: Path, tmp_path: Path) -> None:
    run = stopped_runs / "interrupted"
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["000000004"]

    def learned(run: Path, *, resume: bool = False) -> TrainingResult:
        loss, settings = make_loss("triplet_semi_hard", margin=0.4), small.config(**small.LEARNS)
        return Trainer(small.network(), small.images(24, 6), loss, settings, run).fit(resume=resume)

    resumed, straight = learned(run, resume=True), learned(tmp_path / "straight")
    assert resumed.weights is not None
    assert straight.weights is not None
    assert resumed.weights.name == straight.weights.name


def test_killed_at_every_step(uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same within one process: an exception at any step, and all that was in memory is gone."""
    run = tmp_path / "run"
    original = checkpoint.save
    for at in range(1, 10):

        def save_and_die(*arguments: object, last: int = at) -> Path:
            place = original(*arguments)  # type: ignore[arg-type]
            if int(place.name) == last:
                raise MemoryError
            return place

        monkeypatch.setattr(checkpoint, "save", save_and_die)
        with pytest.raises(MemoryError):
            small.train(run, resume=at > 1)
    monkeypatch.setattr(checkpoint, "save", original)
    small.train(run, resume=True)
    assert essence(run) == essence(uninterrupted)


def test_a_run_that_is_done_stays_as_it_is(uninterrupted: Path, tmp_path: Path) -> None:
    run = tmp_path / "again"
    shutil.copytree(uninterrupted, run)
    before = essence(run)
    result = small.train(run, resume=True)
    assert essence(run) == before
    assert result.epochs == 3


def test_a_folder_with_a_run_is_not_begun_again(uninterrupted: Path) -> None:
    with pytest.raises(UsageError, match="holds a run already"):
        small.train(uninterrupted)


def test_half_a_checkpoint_does_not_count(uninterrupted: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    (run / "checkpoints" / "000000099.partial").mkdir()
    found = checkpoint.newest(run)
    assert found is not None
    assert found.document["state"]["step"] == 9


def test_a_damaged_checkpoint_is_refused(uninterrupted: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    (weights,) = (run / "checkpoints").glob("*/model.safetensors")
    tensors = load_file(weights)
    save_file({name: each + 1 for name, each in tensors.items()}, weights)
    with pytest.raises(ModelError, match=r"damaged \(model.safetensors was changed\)"):
        small.train(run, resume=True)


def test_other_data_are_refused(uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    others = small.images(seed=1)
    monkeypatch.setattr(small, "images", lambda: others)
    with pytest.raises(UsageError, match="learned from other data"):
        small.train(run, resume=True)


def test_a_checkpoint_says_what_it_is_of(uninterrupted: Path) -> None:
    found = checkpoint.newest(uninterrupted)
    assert found is not None
    assert found.document["config"]["optimizer"]["rate"] == 0.01
    assert set(found.document["data"]) == {"learned_from", "held_out"}
    assert found.document["version"]
    assert set(found.tensors) == {"model", "optimizer", "average", "start", "random"}


def test_an_optimizer_gets_its_state_back_in_the_layout_of_its_weights() -> None:
    weight = torch.nn.Parameter(torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last))
    optimizer, other = (torch.optim.AdamW([weight]) for _ in range(2))
    weight.sum().backward()
    optimizer.step()
    state = {name: each.contiguous() for name, each in checkpoint.optimizer_tensors(optimizer).items()}
    checkpoint.restore_optimizer(other, state)
    restored = other.state[weight]["exp_avg"]
    assert restored.stride() == weight.stride()
    assert torch.equal(restored, optimizer.state[weight]["exp_avg"])
    assert float(other.state[weight]["step"]) == 1
