"""A video through the page in Chromium: watched, saved, and stopped."""

import json
from pathlib import Path

import pytest
from databases import on_both_databases
from made_video import cut, write_video
from playwright.sync_api import Download, expect
from real_people import Person
from watching import PATIENCE, Watched

pytestmark = [pytest.mark.browser, on_both_databases, pytest.mark.usefixtures("enrolled")]

MIDDLE = (45, 15, 205, 235)
"""Where the person is in a photo of LFW."""


@pytest.fixture(scope="module")
def videos(people: list[Person], tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Six seconds and a minute of two people who are enrolled, by how often the six seconds are in it."""
    folder = tmp_path_factory.mktemp("video")
    seen = cut(people[0].photos[3], MIDDLE), cut(people[1].photos[3], MIDDLE)
    for times in (1, 10):
        write_video(folder / f"visit-{times}.mp4", seen, "mp4v", times)
    return {times: folder / f"visit-{times}.mp4" for times in (1, 10)}


def open_panel(watched: Watched) -> None:
    watched.tab("Identify")
    watched.page.get_by_role("button", name="Video file").click()


def test_a_video_is_looked_through_and_played(
    watched: Watched, videos: dict[int, Path], people: list[Person]
) -> None:
    open_panel(watched)
    watched.page.locator("#video-rate").get_by_role("radio", name="2").check()
    watched.upload("video-file", videos[1])
    watched.press("Look through the video")
    result = watched.page.locator("#video-result")
    names = [person.name for person in people[:2]]
    expect(result.get_by_role("heading", name=", ".join(names))).to_be_visible()
    expect(result.get_by_role("row")).to_have_count(3)
    expect(result).to_contain_text("12 pictures of 5.5 seconds")
    played = watched.page.locator("#video-annotated video")
    expect(played).to_have_js_property("videoWidth", 640, timeout=PATIENCE)
    assert played.evaluate("video => video.duration") == pytest.approx(6, abs=0.6)
    with watched.page.expect_download() as download:
        watched.page.locator("#video-json").click()
    document = json.loads(saved(download.value))
    assert document["pictures"] == 12
    assert [each["name"] for each in document["appearances"]] == names
    with watched.page.expect_download() as download:
        watched.page.locator("#video-csv").click()
    assert [line.split(",")[0] for line in saved(download.value).splitlines()] == ["name", *names]
    assert watched.overflow() <= 0


def test_a_long_video_is_stopped(
    watched: Watched, page_server, videos: dict[int, Path], tmp_path: Path
) -> None:
    open_panel(watched)
    watched.page.locator("#video-rate").get_by_role("radio", name="10").check()
    watched.upload("video-file", videos[10])
    watched.press("Look through the video")
    expect(watched.page.locator("#video-result progress")).to_be_visible(timeout=PATIENCE)
    watched.press("Stop")
    expect(watched.page.locator("#video-result")).to_contain_text("Stopped", timeout=PATIENCE)
    expect(watched.page.get_by_role("button", name="Look through the video")).to_be_enabled()
    # The next one need not wait for the end of this one; its files go once its last pictures are done.
    (wrong := tmp_path / "letter.mp4").write_text("Dear reader, this is no video.")
    watched.page.locator("#video-file").get_by_role("button", name="Clear").click()
    watched.upload("video-file", wrong)
    watched.press("Look through the video")
    alert = watched.page.locator("#video-result").get_by_role("alert")
    expect(alert).to_contain_text("letter.mp4 is no video", timeout=PATIENCE)
    watched.wait_until(lambda: beside(page_server.folder, videos[10].name) == {videos[10].name})


def beside(folder: Path, name: str) -> set[str]:
    """What is in the folder of the upload of this name."""
    return {path.name for upload in folder.rglob(name) for path in upload.parent.iterdir()}


def saved(download: Download) -> str:
    return Path(download.path()).read_text(encoding="utf-8")
