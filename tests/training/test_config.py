"""Configurations: what is not known or cannot be is refused with the key's name."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from facenet_app.errors import UsageError
from facenet_app.training.augment import AugmentConfig
from facenet_app.training.config import TrainConfig, load_config

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")


def loaded(tmp_path: Path, text: str) -> TrainConfig:
    path = tmp_path / "run.toml"
    path.write_text(text)
    return load_config(path)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.toml")), ids=lambda path: path.name)
def test_the_files_of_the_project_are_valid(path: Path) -> None:
    config = load_config(path)
    assert config.model is not None
    assert config.augment == AugmentConfig()


def test_a_file_says_what_it_says(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        'epochs = 7\n[loss]\nname = "info_nce"\ntemperature = 0.1\n[augment]\nmask = 0.5\n'
        '[optimizer]\nfreeze = ["features"]\n[[optimizer.groups]]\nprefix = "fc"\nfactor = 10\n',
    )
    assert config.epochs == 7
    assert (config.loss.name, config.loss.settings) == ("info_nce", {"temperature": 0.1})
    assert config.augment is not None
    assert (config.augment.mask, config.augment.mirror) == (0.5, AugmentConfig().mirror)
    assert config.optimizer.freeze == ("features",)
    assert config.optimizer.groups[0].factor == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch = 3", r"run\.toml: epoch: extra inputs are not permitted"),
        ("epochs = 0", r"run\.toml: epochs: input should be greater than or equal to 1"),
        ("[optimizer]\nrate = -1", r"optimizer\.rate: input should be greater than 0"),
        ("[augment]\nmirorr = 1", r"augment: .*unexpected keyword argument 'mirorr'"),
        ("[augment]\nmirror = 2", r"augment: the augmentation's mirror is 2, not 0 to 1"),
        ('[schedule]\nname = "step"', "needs milestones"),
        ("epochs = 1\n[schedule]\nwarm_up = 2", "warm-up is as long as the whole run"),
        ("epochs = [", "is not TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        loaded(tmp_path, text)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read"):
        load_config(tmp_path / "none.toml")


def test_a_run_keeps_its_configuration(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, '[augment]\njpeg = 0.9\n[loss]\nname = "contrastive"\nmargin = 1.5\n[data]\npath = "x"\n'
    )
    path = tmp_path / "config.json"
    path.write_text(config.model_dump_json())
    assert load_config(path) == config


def keys(model: type[BaseModel], before: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        inner = [kind, *getattr(kind, "__args__", ())]
        tables = [each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]
        found |= keys(tables[0], f"{before}{name}.") if tables else {f"{before}{name}"}
    return found


def test_every_key_is_explained() -> None:
    tables = MANUAL.partition("\n## Configuration\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", tables, re.MULTILINE)
    documented = {key for row in rows for key in re.findall(r"`([a-z_0-9.*]+)`", row)}
    assert keys(TrainConfig) <= documented
    assert documented <= keys(TrainConfig) | {"loss.*", "augment.*"}
