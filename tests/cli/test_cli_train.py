"""``facenet-app train`` and ``models add``: from pictures to a model that every command knows."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from program import Cli

from facenet_app.training.metrics import read_metrics

MANUAL = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")

CONFIG = """
epochs = 1
tensorboard = false
report = false
[model]
network = "mobilefacenet"
[batch]
people = 2
images = 2
[held_out]
share = 0
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, astronaut: Path, hopper: Path) -> Path:
    """Eight folders with three pictures each: there are two free faces, and shades of them play eight."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(8):
        with Image.open((astronaut, hopper)[number % 2]) as picture:
            pixels = np.asarray(picture.convert("RGB").resize((256, 256)))
        for copy in range(3):
            shaded = np.clip(pixels * (0.6 + 0.1 * number) + 8 * copy, 0, 255).astype(np.uint8)
            path = folder / f"Shade_{number}" / f"{copy}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(shaded).save(path)
    return folder


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACENET_APP_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(CONFIG)
    return path


def test_from_pictures_to_a_model_with_a_name(
    cli: Cli, tmp_path: Path, people: Path, config: Path, own_models: Path, astronaut: Path, hopper: Path
) -> None:
    pack, run = tmp_path / "pack", tmp_path / "runs" / "first"
    assert cli("data", "prepare", people, "--out", pack).code == 0
    done = cli("train", config, "--data", pack, "--run", run, "--json")
    assert done.code == 0, done.out + done.err
    document = done.document
    assert (document["epochs"], document["best_epoch"], document["best"]) == (1, 1, None)
    assert document["model"]["network"] == "mobilefacenet"
    assert "epoch 1/1  loss" in done.err
    assert document["report"] is None

    shown = cli("models", "show", run, "--json").document
    assert (shown["id"], shown["dimension"]) == ("first", 128)
    assert shown["preprocessing"]["alignment"] == "five-point-112"
    # The run itself is a model already …
    seen = cli("verify", astronaut, hopper, "--model", run, "--threshold", "0.1", "--json")
    assert seen.document["model"] == "first"
    # … and gets a name.
    added = cli("models", "add", run, "--name", "staff-v1", "--json").document
    assert added["model"] == "staff-v1"
    assert "calibrate --folders DIR --model staff-v2" in cli("models", "add", run, "--name", "staff-v2").out
    listed = {each["id"]: each for each in cli("models", "list", "--json").document["models"]}
    assert listed["staff-v1"]["weights"] is True
    named = cli("verify", astronaut, hopper, "--model", "staff-v1", "--threshold", "0.1", "--json").document
    assert named["model"] == "staff-v1"
    assert named["distance"] == seen.document["distance"]
    assert named["operating_point"]["fingerprint"] == added["fingerprint"]
    same = cli("verify", astronaut, astronaut, "--model", "staff-v1", "--threshold", "0.1", "--json").document
    assert same["decision"] == "match"
    card = (own_models / "staff-v1" / "README.md").read_text()
    assert "Nobody was held out" in card
    assert "Shade" not in card


def test_a_model_cannot_take_a_name(cli: Cli, tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    for name, words in (("sface", "there is a model sface already"), ("../up", "a model cannot be called")):
        ran = cli("models", "add", run, "--name", name)
        assert (ran.code, words in ran.err) == (2, True)
    ran = cli("models", "add", run, "--name", "fine", "--json")
    assert (ran.code, ran.error_code) == (5, "unknown_model")


def test_resume_goes_on_and_says_when_there_is_nothing(
    cli: Cli, tmp_path: Path, config: Path, people: Path
) -> None:
    run = tmp_path / "run"
    assert cli("train", config, "--data", people, "--run", run).code == 0
    before = read_metrics(run)
    assert cli("train", config, "--data", people, "--run", run, "--json").error_code == "usage"
    settings = json.loads((run / "config.json").read_text())
    settings |= {"epochs": 2, "report": True}
    (run / "config.json").write_text(json.dumps(settings))
    ran = cli("train", "--resume", run, "--json")
    assert (ran.code, ran.document["epochs"]) == (0, 2)
    assert Path(ran.document["report"]).is_file()
    after = read_metrics(run)
    assert after[: len(before)] == before
    assert after[-1]["epoch"] == 2
    # Cropped pictures of a folder are not aligned as the program aligns faces.
    assert ran.document["model"] is None
    assert "cannot be used by name" in cli("models", "add", run, "--name", "other").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "either a configuration or --resume is needed"),
        (["{config}"], "there is no data to learn from; give --data"),
        (["{config}", "--resume", "{config}"], "either a configuration or --resume"),
        (["--resume", "{config}", "--run", "{config}"], "--resume names the run already"),
        (["--resume", "{folder}"], "is not the folder of a run"),
        (["{folder}/none.toml"], "cannot be read"),
    ],
)
def test_wrong_usage(cli: Cli, config: Path, arguments: list[str], words: str) -> None:
    ran = cli("train", *(each.format(config=config, folder=config.parent) for each in arguments))
    assert ran.code == 2
    assert words in ran.err


def test_the_python_example_runs(
    cli: Cli,
    tmp_path: Path,
    people: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli("data", "prepare", people, "--out", tmp_path / "data" / "people").code == 0
    monkeypatch.chdir(tmp_path)
    section = MANUAL.partition("\n## Trainer\n")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    smaller = "epochs=1, tensorboard=False, report=False, batch={'people': 2, 'images': 2}, "
    smaller += "held_out={'share': 0.4, 'fmr': 0.1}"
    exec(compile(example.replace("epochs=20", smaller), "training.md", "exec"), {})
    assert capsys.readouterr().out.startswith("Measurement(tar=")
    assert json.loads((tmp_path / "runs/first/model/manifest.json").read_text())["dimension"] == 128
