"""Enrolling in Chromium: what is said of each photo beforehand, and photos that the gate refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Browser, expect
from watching import PATIENCE, Watched, heading

pytestmark = pytest.mark.browser


@pytest.fixture
def measured_page(browser: Browser, start_page) -> Iterator[Watched]:
    """A page of its own with the measured thresholds: the gate needs them."""
    page = start_page(threshold=None)
    assert page.address, "".join(page.lines)
    watched = Watched(browser.new_page())
    watched.listen()
    watched.page.set_default_timeout(PATIENCE)
    watched.page.goto(page.address)
    yield watched
    watched.page.close()
    assert watched.errors == []


def test_a_face_that_is_enrolled_already_is_shown_and_stored_only_after_a_yes(
    measured_page: Watched, astronaut: Path, hopper: Path, tmp_path: Path
) -> None:
    with Image.open(astronaut) as picture:
        ImageOps.mirror(picture.convert("RGB")).save(mirrored := tmp_path / "mirrored.png")
    page = measured_page.page
    measured_page.tab("Enroll")
    preview, name = page.locator("#enroll-preview"), page.get_by_label("Name", exact=True)
    measured_page.upload("enroll-files", astronaut)
    expect(preview).to_contain_text("Good astronaut.png")
    expect(preview).to_contain_text("With a name")
    name.fill("Eileen Collins")
    measured_page.press("Enroll")
    heading(measured_page, "Stored 1 picture of Eileen Collins")
    expect(preview).to_be_hidden()

    name.fill("Her Twin")
    measured_page.upload("enroll-files", mirrored)
    expect(preview).to_contain_text("Would not be stored mirrored.png")
    expect(preview).to_contain_text("1 pair in 100,000")
    expect(preview.get_by_role("img", name="enrolled already")).to_be_visible()
    expect(preview.get_by_role("img", name="this photo")).to_be_visible()
    measured_page.press("Enroll")
    heading(measured_page, "Nothing was stored")
    question = page.locator("#enroll-question")
    expect(question).to_contain_text("1 photo was not stored. Enroll anyway?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    measured_page.press("Enroll")
    measured_page.press("Yes, enroll them anyway")
    heading(measured_page, "Stored 1 picture of Her Twin")
    expect(question).to_be_hidden()
    expect(name).to_have_value("")
    assert measured_page.overflow() <= 0
