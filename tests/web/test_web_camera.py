"""The live camera in Chromium, fed from a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect
from watching import PATIENCE, Watched, heading

from facenet_app.service import FaceService

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def video(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eileen Collins before a camera, as Motion JPEG."""
    with Image.open(astronaut) as picture:
        frame = Image.new("RGB", (640, 480), "gray")
        frame.paste(picture.convert("RGB").resize((480, 480)), (80, 0))
    path = tmp_path_factory.mktemp("camera") / "collins.mjpeg"
    with path.open("wb") as file:
        for _ in range(10):
            frame.save(file, "JPEG", quality=90)
    return path


@pytest.fixture
def camera_page(
    playwright: Playwright, chromium: Path, video: Path, start_page, astronaut: Path, tmp_path: Path
) -> Iterator[Watched]:
    """A page with Eileen Collins enrolled, in a browser with a camera."""
    gallery = tmp_path / "gallery.db"
    with FaceService.open(gallery=gallery) as service:
        service.enroll("Eileen Collins", [astronaut])
    page = start_page(gallery=gallery)
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    arguments = ["--no-sandbox", *fake, f"--use-file-for-fake-video-capture={video}"]
    browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
    watched = Watched(browser.new_page())
    watched.listen()
    watched.page.set_default_timeout(PATIENCE)
    watched.page.goto(page.address)
    yield watched
    browser.close()
    assert watched.errors == []
    assert watched.elsewhere == []


@pytest.fixture
def nothing_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of what the camera sees no picture is on the disk while it runs."""
    pages = tmp_path_factory.getbasetemp()
    before = pictures_in(pages)
    yield
    assert {path.parent.name for path in pictures_in(pages) - before} <= {"examples"}


def pictures_in(folder: Path) -> set[Path]:
    found = folder.glob("page*/**/*")
    return {path for path in found if path.suffix in (".jpg", ".jpeg", ".png", ".webp")}


def test_a_person_before_the_camera_is_named(nothing_kept: None, camera_page: Watched) -> None:
    page: Page = camera_page.page
    camera_page.tab("Identify")
    page.get_by_role("button", name="Live camera").click()
    page.locator("#live-camera").get_by_role("button", name="Click to Access Webcam").click()
    page.locator("#live-camera").get_by_role("button", name="capture photo").click()
    heading(camera_page, "Eileen Collins")
    expect(page.locator("#live-result").get_by_role("img", name="newest picture")).to_be_visible()


def test_shots_for_an_enrollment_are_collected_and_judged(camera_page: Watched) -> None:
    page: Page = camera_page.page
    camera_page.tab("Enroll")
    camera = page.locator("#enroll-shot")
    for shots in (1, 2):
        camera.get_by_role("button", name="Click to Access Webcam").click()
        camera.get_by_role("button", name="capture photo").click()
        expect(page.locator("#enroll-files").get_by_role("row")).to_have_count(shots)
    # The file shows one picture for ever: both shots are the same.
    expect(page.locator("#enroll-preview").get_by_role("listitem")).to_have_count(1)
    expect(page.locator("#enroll-preview")).to_contain_text("Good")
    page.get_by_label("Name", exact=True).fill("Eileen Collins")
    camera_page.press("Enroll")
    heading(camera_page, "Stored 1 picture of Eileen Collins")
