"""The live camera in Chromium, fed from a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import on_both_databases
from playwright.sync_api import expect
from real_people import Person
from watching import Watched, heading

pytestmark = [pytest.mark.browser, on_both_databases, pytest.mark.usefixtures("enrolled")]


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


def press_capture(watched: Watched, place: str) -> None:
    """As a person does: once the camera shows something."""
    camera = watched.page.locator(f"#{place}")
    camera.get_by_role("button", name="Click to Access Webcam").click()
    video = camera.locator("video")
    watched.wait_until(lambda: video.count() > 0 and video.evaluate("shown => shown.videoWidth") > 0)
    camera.get_by_role("button", name="capture photo").click()


def test_a_person_before_the_camera_is_named(
    nothing_kept: None, watched: Watched, people: list[Person]
) -> None:
    page = watched.page
    watched.tab("Identify")
    page.get_by_role("button", name="Live camera").click()
    press_capture(watched, "live-camera")
    heading(watched, people[0].name)
    expect(page.locator("#live-result").get_by_role("img", name="newest picture")).to_be_visible()


def test_shots_for_an_enrollment_are_collected_and_judged(watched: Watched, people: list[Person]) -> None:
    page = watched.page
    watched.tab("Enroll")
    for shots in (1, 2):
        press_capture(watched, "enroll-shot")
        expect(page.locator("#enroll-files").get_by_role("row")).to_have_count(shots)
    # The file shows one picture for ever: both shots are the same.
    expect(page.locator("#enroll-preview").get_by_role("listitem")).to_have_count(1)
    expect(page.locator("#enroll-preview")).to_contain_text("Good")
    page.get_by_label("Name", exact=True).fill(people[0].name)
    watched.press("Enroll")
    heading(watched, f"Stored 1 picture of {people[0].name}")
