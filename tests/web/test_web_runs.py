"""Training runs on the page: the list, the curves, and a run that is being written."""

import json
import os
from pathlib import Path

import pytest

from facenet_app.service import FaceService
from facenet_app.web.runs import last_written, run_names, show_run


def records(batches: int) -> list[dict[str, object]]:
    steps = [
        {"kind": "step", "step": step, "loss": 1 / step, "mean_ap": 0.5, "mean_an": 1.2, "rate": 1e-3}
        for step in range(1, batches + 1)
    ]
    return [{"kind": "epoch", "epoch": 0, "step": 0, "held_out": {"tar": {"0.001": 0.5}}}, *steps]


def write(folder: Path, lines: list[dict[str, object]], at: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "metrics.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(path, (at, at))
    return path


@pytest.fixture
def trained(tmp_path: Path) -> FaceService:
    return FaceService.open(gallery=tmp_path / "gallery.db", runs=tmp_path / "runs")


def test_no_runs(trained: FaceService) -> None:
    assert run_names(trained) == []
    assert "no training runs yet" in show_run(trained, None).html
    assert last_written(trained, None) == 0


def test_the_latest_run_comes_first_and_other_folders_do_not_count(
    trained: FaceService, tmp_path: Path
) -> None:
    write(tmp_path / "runs" / "old", records(1), 1000)
    write(tmp_path / "runs" / "new", records(1), 2000)
    (tmp_path / "runs" / "notes").mkdir()
    assert run_names(trained) == ["new", "old"]
    assert last_written(trained, "old") == 1000


def test_curves_of_a_run_that_is_half_written(trained: FaceService, tmp_path: Path) -> None:
    path = write(tmp_path / "runs" / "one", records(3), 1000)
    with path.open("a") as file:
        file.write('{"kind": "step", "st')
    answer = show_run(trained, "one")
    assert answer.done
    assert "3 batches, 0 epochs so far" in answer.html
    assert answer.html.count("<svg ") == 4  # held-out people, loss, distances, learning rate


def test_a_finished_run(trained: FaceService, tmp_path: Path) -> None:
    write(tmp_path / "runs" / "one", [*records(2), {"kind": "epoch", "step": 2, "loss": 0.7}], 1000)
    (tmp_path / "runs" / "one" / "report.html").touch()
    assert "2 batches, 1 epoch, finished" in show_run(trained, "one").html


def test_nothing_learned_yet_and_nothing_readable(trained: FaceService, tmp_path: Path) -> None:
    write(tmp_path / "runs" / "young", [], 1000)
    assert "not finished its first batch" in show_run(trained, "young").html
    (tmp_path / "runs" / "young" / "metrics.jsonl").write_text("no json\n")
    assert "no metrics that can be read" in show_run(trained, "young").html


@pytest.mark.parametrize("name", ["..", "../elsewhere", "/etc", "*", ""])
def test_a_name_never_leads_out_of_the_folder(trained: FaceService, tmp_path: Path, name: str) -> None:
    write(tmp_path / "runs" / "one", records(1), 1000)
    write(tmp_path / "elsewhere", records(1), 1000)
    answer = show_run(trained, name)
    assert not answer.done
    assert "not there any more" in answer.html
    assert str(tmp_path) not in answer.html
