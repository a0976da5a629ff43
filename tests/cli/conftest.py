"""The program in this process (quick, many cases) and as a process of its own (end to end)."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from program import Cli, Ran

from facenet_app.cli.main import main

if TYPE_CHECKING:
    from facenet_app.extraction import FaceExtractor
    from facenet_app.settings import Settings


@pytest.fixture
def own_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "people.db"
    monkeypatch.setenv("FACENET_APP_GALLERY", str(path))
    return path


@pytest.fixture(scope="session")
def opened() -> "dict[str, FaceExtractor]":
    """The models that commands in this process have opened, by their settings."""
    return {}


@pytest.fixture
def open_once(opened: "dict[str, FaceExtractor]", monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes most of a command's time is done for the first one only."""
    from facenet_app import bootstrap

    open_extractor = bootstrap.open_extractor

    def kept(settings: "Settings") -> "FaceExtractor":
        key = repr((settings.threads, settings.of_extraction()))
        if key not in opened:
            opened[key] = open_extractor(settings)
        return opened[key]

    monkeypatch.setattr(bootstrap, "open_extractor", kept)


@pytest.fixture
def cli(own_gallery: Path, open_once: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The program in this process, with an empty gallery of this test."""

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out
        assert isinstance(stopped.value.code, int)
        return Ran(stopped.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def shell(own_gallery: Path, verifier: object) -> Cli:
    """The program as a process of its own, with the same gallery; the model is converted already."""

    def run(*arguments: str | Path, **variables: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "facenet_app.cli.main", *map(str, arguments)],
            capture_output=True,
            check=False,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            env={**os.environ, **variables},
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """A sound picture without a face."""
    from PIL import Image

    path = tmp_path / "blank.png"
    Image.new("RGB", (200, 200), "gray").save(path)
    return path
