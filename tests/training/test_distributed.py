"""Two processes that share a batch learn what one learns from all of it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import two_processes
from safetensors.torch import load_file
from torch import Tensor

from facenet_app.training.checkpoint import newest
from facenet_app.training.distributed import ALONE
from facenet_app.training.metrics import read_metrics


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    out = tmp_path_factory.mktemp("alone") / "found.safetensors"
    two_processes.learn(ALONE, out, 0)
    return load_file(out)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes found, with their share of a batch at once and in pieces; one launch for both."""
    folder = tmp_path_factory.mktemp("together")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, two_processes.__file__, str(folder), "0", "4"],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("chunk", [0, 4])
def test_two_processes_find_the_loss_and_the_gradients_of_one(
    alone: dict[str, Tensor], together: Path, chunk: int
) -> None:
    found = load_file(together / f"{chunk}.safetensors")
    assert set(found) == set(alone)
    assert any(name.startswith("gradient.") for name in alone)
    for name, each in found.items():
        torch.testing.assert_close(each, alone[name], rtol=1e-9, atol=1e-12, msg=name)


def test_two_processes_end_a_run_together(together: Path) -> None:
    run = together / "run"
    epochs = [each for each in read_metrics(run) if each["kind"] == "epoch"]
    assert epochs[0]["epoch"] == 0
    assert epochs[-1]["epoch"] >= 2
    assert all("held_out" in each for each in epochs)
    found = newest(run)
    assert found is not None
    assert found.document["state"]["epoch"] == epochs[-1]["epoch"]
    assert (run / "model" / found.document["state"]["weights"]).is_file()


def test_alone_nothing_is_gathered() -> None:
    own = torch.arange(6.0).reshape(3, 2)
    assert ALONE.gathered(own) is own
    assert ALONE.share(own).equal(own)
    assert ALONE.agreed(0.5, torch.device("cpu")) == 0.5
    assert ALONE.agreed(None, torch.device("cpu")) is None
