"""A video through the page in Chromium: watched, saved, and stopped."""

import json
from pathlib import Path

import pytest
from made_video import write_video
from playwright.sync_api import Download, expect
from watching import PATIENCE, Watched

pytestmark = pytest.mark.browser


def open_panel(watched: Watched) -> None:
    watched.tab("Identify")
    watched.page.get_by_role("button", name="Video file").click()


def test_a_video_is_looked_through_and_played(watched: Watched, two_people_video: Path) -> None:
    open_panel(watched)
    watched.page.locator("#video-rate").get_by_role("radio", name="2").check()
    watched.upload("video-file", two_people_video)
    watched.press("Look through the video")
    result = watched.page.locator("#video-result")
    expect(result.get_by_role("heading")).to_be_visible(timeout=PATIENCE)
    expect(result.get_by_role("row")).to_have_count(3)  # with names or without: the page is shared
    expect(result).to_contain_text("12 pictures of 5.5 seconds")
    played = watched.page.locator("#video-annotated video")
    expect(played).to_have_js_property("videoWidth", 640, timeout=PATIENCE)
    assert played.evaluate("video => video.duration") == pytest.approx(6, abs=0.6)
    with watched.page.expect_download() as download:
        watched.page.locator("#video-json").click()
    assert json.loads(saved(download.value))["pictures"] == 12
    with watched.page.expect_download() as download:
        watched.page.locator("#video-csv").click()
    assert saved(download.value).startswith("name,start,end")
    assert watched.overflow() <= 0


def test_a_long_video_is_stopped(
    watched: Watched, page_server, astronaut: Path, hopper: Path, tmp_path: Path
) -> None:
    write_video(video := tmp_path / "long.mp4", astronaut, hopper, "mp4v", times=10)
    open_panel(watched)
    watched.page.locator("#video-rate").get_by_role("radio", name="10").check()
    watched.upload("video-file", video)
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
    watched.wait_until(lambda: beside(page_server.folder, "long.mp4") == {"long.mp4"})


def beside(folder: Path, name: str) -> set[str]:
    """What is in the folder of the upload of this name."""
    return {path.name for upload in folder.rglob(name) for path in upload.parent.iterdir()}


def saved(download: Download) -> str:
    return Path(download.path()).read_text(encoding="utf-8")
