"""The page in Chromium, as people use it. Nothing here looks inside the program."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from watching import PATIENCE, Watched, heading

pytestmark = pytest.mark.browser


def test_two_photos_are_compared_with_the_keyboard(
    watched: Watched, page_server, astronaut: Path, hopper: Path
) -> None:
    watched.upload("probe", astronaut)
    watched.upload("reference", hopper)
    expect(watched.page.locator("#probe img")).to_be_visible(timeout=PATIENCE)
    expect(watched.page.locator("#reference img")).to_be_visible(timeout=PATIENCE)
    arrived = list(page_server.folder.rglob("astronaut.png"))
    assert [path.read_bytes() for path in arrived if "uploads" in path.parts] == [astronaut.read_bytes()]
    watched.page.get_by_role("button", name="Compare").focus()
    watched.page.keyboard.press("Enter")
    heading(watched, "Different people")
    result = watched.page.locator("#verify-result")
    expect(result.get_by_role("img", name="Probe photo")).to_be_visible()
    expect(result.get_by_role("img", name="on a scale from 0 to 2")).to_be_visible()
    watched.page.locator("#probe").get_by_role("button", name="Remove Image").click()
    expect(watched.page.get_by_role("heading", name="Different people")).to_have_count(0, timeout=PATIENCE)


@pytest.mark.parametrize("watched", [{"width": 390, "height": 844}], indirect=True)
def test_examples_on_a_phone(watched: Watched) -> None:
    for button, answer in (
        ("Eileen Collins, twice", "Same person"),
        ("Eileen Collins and Grace Hopper", "Different people"),
    ):
        watched.press(button)
        heading(watched, answer)
        assert watched.overflow() <= 0
    for tab in ("Identify", "Enroll", "Gallery", "Models"):
        watched.tab(tab)
        assert watched.overflow() <= 0


def test_choosing_an_error_rate(watched: Watched) -> None:
    """The shared page has a threshold set by hand; a rate that is chosen leads over it."""
    rates = watched.page.locator("#verify-rate")
    expect(rates.get_by_role("radio", name="set by hand, default")).to_be_checked()
    watched.press("Eileen Collins and Grace Hopper")
    heading(watched, "Different people")
    result = watched.page.locator("#verify-result")
    expect(result).to_contain_text("This threshold was given by hand")
    rates.get_by_role("radio", name="1 in 10,000 (0.01 %)").check()
    expect(watched.page.get_by_role("heading", name="Different people")).to_have_count(0)
    watched.press("Compare")
    expect(result).to_contain_text("about 1 in 10,000 different-person pairs would pass", timeout=PATIENCE)


def test_a_wrong_file_gives_a_sentence(watched: Watched, tmp_path: Path) -> None:
    wrong = tmp_path / "letter.jpg"
    wrong.write_text("Dear reader, this is no picture.")
    watched.tab("Identify")
    watched.upload("identify-photo", wrong)
    watched.press("Identify")
    alert = watched.page.locator("#identify-result").get_by_role("alert")
    expect(alert).to_contain_text("letter.jpg", timeout=PATIENCE)
    assert "Traceback" not in alert.inner_text()
    assert "/" not in alert.inner_text()
