"""A service with a threshold of its own, and one running page for all tests that need one."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from members import PASSWORD, Members
from PIL import Image
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from watching import PATIENCE, Watched

from facenet_app.access.access_file import AccessFile
from facenet_app.access.role import Role
from facenet_app.service import FaceService
from facenet_app.web import text

ROOT = Path(__file__).parents[2]
THRESHOLD = 1.131
"""Given by hand, so that these tests do not depend on what was measured for the model."""
STARTUP_SECONDS = 240
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FaceService]:
    service = FaceService.open(gallery=tmp_path / "gallery.db", threshold=THRESHOLD)
    yield service
    service.gallery.close()


@pytest.fixture
def german() -> Iterator[None]:
    """The page speaks German."""
    text.speak("de")
    yield
    text.speak("en")


@pytest.fixture(scope="session")
def two_faces(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both faces in one picture, Grace Hopper on the right and larger."""
    path = tmp_path_factory.mktemp("pictures") / "both.png"
    canvas = Image.new("RGB", (1024, 600))
    with Image.open(astronaut) as left, Image.open(hopper) as right:
        canvas.paste(left.convert("RGB"), (0, 40))
        canvas.paste(right.convert("RGB"), (512, 0))
    canvas.save(path)
    return path


@pytest.fixture(scope="session")
def unmeasured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings with a model that has no operating points: the default one, under another name."""
    models = tmp_path_factory.mktemp("models")
    manifest = json.loads((ROOT / "models" / "sface" / "manifest.json").read_text(encoding="utf-8"))
    (models / "unmeasured").mkdir()
    of_its_own = manifest | {"id": "unmeasured", "operating_points": []}
    (models / "unmeasured" / "manifest.json").write_text(json.dumps(of_its_own), encoding="utf-8")
    return {"model": "unmeasured", "models": models}


@dataclass
class RunningPage:
    """app.py in a process of its own; ``lines`` is what it said so far."""

    process: subprocess.Popen[str]
    folder: Path
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    more: threading.Condition = field(default_factory=threading.Condition)
    address: str = ""

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.more:
                self.lines.append(line)
                self.more.notify_all()
            if found := re.search(r"http://[\d.:]+\d", line):
                self.address = found[0]
                self.ready.set()
        self.ready.set()

    def logged(self, *parts: str) -> dict[str, Any]:
        """The first line of the log with these parts, once it is there."""

        def found() -> str | None:
            return next((line for line in self.lines if all(part in line for part in parts)), None)

        with self.more:
            line = self.more.wait_for(found, PATIENCE / 1000)
        assert line, f"the log has no line with {parts}"
        return dict(json.loads(line))


StartPage = Callable[..., RunningPage]


@pytest.fixture(scope="session")
def start_page(model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartPage]:
    """Starts the page with settings by name (None: the default), on a free port unless told another."""
    pages: list[RunningPage] = []

    def start(**settings: object) -> RunningPage:
        folder = tmp_path_factory.mktemp("page")
        given = {"gallery": folder / "gallery.db", "cache": model_cache, "port": 0, "threshold": THRESHOLD}
        variables = {
            f"FACENET_APP_{name.upper()}": str(value)
            for name, value in (given | settings).items()
            if value is not None
        }
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            env={**os.environ, "TMPDIR": str(folder), **variables},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        pages.append(page := RunningPage(process, folder))
        threading.Thread(target=page.read, daemon=True).start()
        assert page.ready.wait(STARTUP_SECONDS), "the page did not start in time"
        return page

    yield start
    for page in pages:
        page.process.terminate()
        page.process.wait(20)
        assert page.process.stdout is not None
        page.process.stdout.close()


@pytest.fixture(scope="session")
def shared_page(start_page: StartPage) -> RunningPage:
    """A page with a gallery in a file."""
    page = start_page()
    assert page.address, "".join(page.lines)
    return page


@pytest.fixture(scope="session")
def page_server(shared_page: RunningPage) -> RunningPage:
    """The page that most tests share."""
    return shared_page


@pytest.fixture(scope="session")
def members(start_page: StartPage, tmp_path_factory: pytest.TempPathFactory) -> Members:
    """A page with users."""
    access = AccessFile(tmp_path_factory.mktemp("access") / "access.json")
    for name, role in (("ada", Role.ADMIN), ("eric", Role.ENROLLER), ("vera", Role.VIEWER), ("bob", None)):
        access.set_user(name, PASSWORD, role)
    page = start_page(access=access.path)
    assert page.address, "".join(page.lines)
    return Members(page.address, access, page.folder / "gallery.db", page.logged, page.lines)


@pytest.fixture(scope="session")
def chromium(require: Callable[[str, str], None]) -> Path:
    if not CHROMIUM.exists():
        require("browser", f"Chromium is not at {CHROMIUM}")
    return CHROMIUM


@pytest.fixture(scope="session")
def playwright(chromium: Path) -> Iterator[Playwright]:
    """There can be only one at a time in a thread."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: Path) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(params=[pytest.param({"width": 1200, "height": 900}, id="desk")])
def watched(browser: Browser, page_server, request: pytest.FixtureRequest) -> Iterator[Watched]:
    context = browser.new_context(viewport=request.param)
    watched = Watched(context.new_page())
    watched.listen()
    watched.page.set_default_timeout(PATIENCE)
    watched.page.goto(page_server.address)
    expect(watched.page.get_by_role("button", name="Compare")).to_be_visible(timeout=PATIENCE)
    yield watched
    context.close()
    assert watched.errors == []
    assert watched.elsewhere == []
