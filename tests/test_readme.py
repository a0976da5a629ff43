"""What the README says is true: its Python runs, its files exist, its numbers are the manifest's."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    astronaut: Path,
    hopper: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACENET_APP_GALLERY", str(tmp_path / "gallery.db"))
    for name, source in {"a": hopper, "b": astronaut, "ada1": hopper, "group": hopper}.items():
        with Image.open(source) as picture:
            picture.convert("RGB").save(f"{name}.jpg")
    with Image.open(hopper) as picture:
        picture.convert("RGB").crop((60, 20, 480, 500)).save("ada2.jpg")
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("non_match 1.")
    assert "Ada Lovelace BoundingBox(" in printed


def test_every_file_that_is_linked_exists() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_thresholds_are_the_manifest_s() -> None:
    manifest = json.loads((ROOT / "models/sface/manifest.json").read_text(encoding="utf-8"))
    thresholds = {point["threshold"] for point in manifest["operating_points"]}
    shown = {float(number) for number in re.findall(r"threshold (\d\.\d{4})", README)}
    assert shown
    assert shown <= thresholds
