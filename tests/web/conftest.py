"""A service with a threshold of its own, and one running page for all tests that need one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cutting_proxy import CuttingProxy
from members import PASSWORD, Members
from PIL import Image
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from real_people import Person, lfw_people, public_people, write_camera
from running_page import ROOT, RunningPage
from watching import PATIENCE, Watched

from facenet_app.access.access_file import AccessFile
from facenet_app.access.role import Role
from facenet_app.client import FaceClient
from facenet_app.service import FaceService
from facenet_app.web import text

if TYPE_CHECKING:
    from server import Server

THRESHOLD = 1.131
"""Given by hand, so that these tests do not depend on what was measured for the model."""
ENROLLED = 3
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


StartPage = Callable[..., RunningPage]


@pytest.fixture(scope="session")
def start_page(model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartPage]:
    """Starts the page with settings by name (None: the default), on a free port unless told another."""
    pages: list[RunningPage] = []

    def start(**settings: object) -> RunningPage:
        folder = tmp_path_factory.mktemp("page")
        given = {
            "gallery": folder / "gallery.db",
            "calibration": folder / "calibration",
            "runs": folder / "runs",
            "cache": model_cache,
            "port": 0,
            "threshold": THRESHOLD,
        }
        pages.append(page := RunningPage.started(folder, given | settings))
        return page

    yield start
    for page in pages:
        page.process.terminate()
    for page in pages:
        page.process.wait(20)


@pytest.fixture(scope="session")
def sqlite_page(start_page: StartPage) -> RunningPage:
    """A page with a gallery in a file."""
    page = start_page()
    assert page.address, "".join(page.lines)
    return page


@pytest.fixture(scope="session")
def proxy(server: "Server") -> Iterator[CuttingProxy]:
    """What the page reaches PostgreSQL through, so that it can be cut off."""
    (place,) = Path(server.folder).glob(".s.PGSQL.*[0-9]")
    proxy = CuttingProxy(place)
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def postgres_page(server: "Server", proxy: CuttingProxy, start_page: StartPage) -> Iterator[RunningPage]:
    """A page whose gallery is on a PostgreSQL server."""
    with server.database() as address:
        page = start_page(gallery=proxy.address(address))
        assert page.address, "".join(page.lines)
        yield page
        page.stop()


@pytest.fixture(scope="session")
def page_server(request: pytest.FixtureRequest) -> RunningPage:
    """The page that most tests share: on SQLite, or see :mod:`databases`."""
    database = getattr(request, "param", "sqlite")
    return request.getfixturevalue(f"{database}_page")


@pytest.fixture
def nobody(page_server: RunningPage) -> None:
    """The gallery is empty, whatever other tests of the page left in it."""
    with FaceClient(page_server.address) as client:
        for each in client.identities():
            client.remove(each["id"])


@pytest.fixture
def enrolled(nobody: None, page_server: RunningPage, people: list[Person]) -> list[Person]:
    """The first of the people are in the gallery, with their first photos."""
    enrolled = people[:ENROLLED]
    with FaceClient(page_server.address) as client:
        for person in enrolled:
            client.enroll(person.name, person.photos[:1])
    return enrolled


@pytest.fixture(scope="session")
def people(
    request: pytest.FixtureRequest, astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Person]:
    """People with at least four photos each: LFW's, or where that is missing the two in the public domain."""
    try:
        lfw = request.getfixturevalue("lfw")
    except pytest.skip.Exception:
        return public_people(astronaut, hopper, tmp_path_factory.mktemp("people"))
    return lfw_people(lfw)


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
def browser(
    playwright: Playwright, chromium: Path, people: list[Person], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Chromium with a camera, before which the first of the people sits, as in the third photo."""
    video = tmp_path_factory.mktemp("camera") / "person.mjpeg"
    write_camera(video, people[0].photos[2])
    arguments = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]
    browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
    yield browser
    browser.close()


@pytest.fixture(params=[pytest.param({"width": 1200, "height": 900}, id="desk")])
def watched(browser: Browser, page_server: RunningPage, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A visit of the page, in which nothing goes wrong, neither in the browser nor on the server."""
    said_before = len(page_server.lines)
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
    assert "Traceback" not in "".join(page_server.lines[said_before:])
