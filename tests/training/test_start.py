"""From a configuration to a run: which data, which network, whose weights."""

import sys
import tomllib
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
import torch
from PIL import Image
from small import images
from torch.distributed.run import parse_args

from facenet_app.embedding.networks import load_network
from facenet_app.errors import ModelError, UnknownModel, UsageError
from facenet_app.settings import load_settings
from facenet_app.training.__main__ import main
from facenet_app.training.backbone import build_backbone, completed, first_weights
from facenet_app.training.config import DataConfig, ModelConfig, TrainConfig
from facenet_app.training.start import begin, go_on, open_images
from facenet_app.weights.manifest import load_manifest

CONFIG = """
epochs = 1
tensorboard = false
report = false
[model]
network = "resnet18"
dimension = 16
[data]
side = 32
[batch]
people = 2
images = 2
[held_out]
share = 0.5
fmr = 0.2
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """``NAME/*.png`` of six people, three pictures each."""
    data = images(people=6, each=3)
    for row, pixels in enumerate(data.pixels(range(len(data)))):
        path = tmp_path / "people" / data.people[data.labels[row]] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "people"


def test_a_folder_of_anything(people: Path) -> None:
    found = open_images(people, DataConfig(side=32))
    assert (len(found), len(found.people), found.side) == (18, 6, 32)
    several = found.pixels([0, 17, 3])
    later = open_images(people, DataConfig(side=32, in_memory=False))
    assert np.array_equal(several, later.pixels([0, 17, 3]))
    assert found.fingerprint == later.fingerprint


def test_only_the_people_of_a_list(people: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("6\nperson 1\t3\nperson 4\t3\nsomebody else\t1\n")
    found = open_images(people, DataConfig(side=32, people=listed))
    assert found.people == ("person 1", "person 4")
    with pytest.raises(UsageError, match=r"the list of people .* cannot be read"):
        open_images(people, DataConfig(people=tmp_path / "none.txt"))


def test_torchrun_s_program(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, run = tmp_path / "run.toml", tmp_path / "run"
    config.write_text(CONFIG)

    def called(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
        return main()

    assert called(config, "--data", people, "--run-dir", run) == 0
    assert "epoch 1/1" in capsys.readouterr().err
    assert (run / "model").is_dir()
    assert called(config, "--data", people, "--run-dir", run) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert called("--resume", run) == 0


def test_torchrun_hands_the_options_on() -> None:
    own = ["run.toml", "--data", "people", "--run-dir", "runs/first", "--resume", "runs/first"]
    given = parse_args(["--standalone", "--nproc-per-node", "2", "-m", "facenet_app.training", *own])
    assert given.training_script_args == own


def test_no_data(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data to learn from"):
        begin(TrainConfig(), load_settings(), tmp_path / "run")
    with pytest.raises(UsageError, match="not the folder of a run"):
        go_on(tmp_path, load_settings())


def test_a_fine_tuning_that_was_killed_before_its_first_checkpoint(people: Path, tmp_path: Path) -> None:
    """It went on with random weights."""
    document = tomllib.loads(CONFIG) | {"model": {"start": "sface"}, "data": {"side": 112}}
    config = TrainConfig.model_validate(document).with_data(people)
    begin(config, load_settings(), whole := tmp_path / "whole")
    (killed := tmp_path / "killed").mkdir()
    copyfile(whole / "config.json", killed / "config.json")
    go_on(killed, load_settings())
    ends = [sorted(run.glob("model/*.safetensors")) for run in (whole, killed)]
    assert ends[0]
    assert [each.name for each in ends[0]] == [each.name for each in ends[1]]
    assert [each.read_bytes() for each in ends[0]] == [each.read_bytes() for each in ends[1]]


def test_pictures_that_are_too_small_for_the_network(people: Path, tmp_path: Path) -> None:
    document = tomllib.loads(CONFIG) | {"model": {"network": "mobilefacenet"}}
    config = TrainConfig.model_validate(document).with_data(people)
    with pytest.raises(UsageError, match="mobilefacenet cannot take pictures of 32 by 32 pixels"):
        begin(config, load_settings(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_random_weights_follow_from_the_seed() -> None:
    before = torch.get_rng_state()
    one, same, other = (build_backbone(ModelConfig(network="mobilefacenet"), seed) for seed in (1, 1, 2))
    first, second, third = (torch.cat([p.flatten() for p in net.parameters()]) for net in (one, same, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert torch.equal(torch.get_rng_state(), before)


def test_fine_tuning_begins_with_the_weights_of_a_model() -> None:
    settings = load_settings()
    config = completed(ModelConfig(network="resnet50", start="sface"), settings.models)
    assert (config.network, config.dimension, config.license) == ("sface", 128, "Apache-2.0")
    network = build_backbone(config, 0)
    first_weights(network, config, settings.models, settings.cache)
    faces = torch.randn(2, 3, 112, 112)
    with torch.inference_mode():
        expected = load_network(load_manifest("sface"), settings.cache)(faces)
        torch.testing.assert_close(network.eval()(faces), expected, rtol=0, atol=0)
    assert all(each.requires_grad for each in network.parameters())


def test_models_and_networks_that_are_not_there() -> None:
    settings = load_settings()
    with pytest.raises(UnknownModel, match="no model 'nobody'"):
        completed(ModelConfig(start="nobody"), settings.models)
    with pytest.raises(ModelError, match="no network 'alexnet'"):
        build_backbone(ModelConfig(network="alexnet"), 0)
    assert completed(ModelConfig(network="resnet18"), settings.models).dimension == 512
