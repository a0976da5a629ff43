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


def test_from_enrolling_to_removing(watched: Watched, astronaut: Path, hopper: Path, two_faces: Path) -> None:
    name = "Eileen <img src=x onerror=alert(1)> ${1+1} {{value}}"
    for person, photo in ((name, astronaut), ("Grace Hopper", hopper)):
        watched.tab("Enroll")
        watched.page.get_by_label("Name", exact=True).fill(person)
        watched.upload("enroll-files", photo)
        watched.press("Enroll")
        heading(watched, f"Stored 1 picture of {person}")
        expect(watched.page.get_by_label("Name", exact=True)).to_have_value("")

    watched.tab("Identify")
    watched.upload("identify-photo", two_faces)
    watched.press("Identify")
    heading(watched, "2 faces found, 2 recognized")
    expect(watched.page.get_by_role("cell", name=name, exact=True)).to_be_visible()

    watched.tab("Gallery")
    watched.page.get_by_role("radio", name="Eileen").check()
    heading(watched, name)
    new_name = watched.page.get_by_label("New name")
    new_name.fill("Eileen Collins")
    watched.press("Rename")
    expect(watched.page.locator("#gallery-news")).to_contain_text("is now called Eileen Collins")
    expect(watched.page.get_by_role("radio", name="Eileen Collins")).to_be_checked()

    new_name.fill("Grace Hopper")
    watched.press("Rename")
    question = watched.page.get_by_text("Are Eileen Collins and Grace Hopper the same person?")
    expect(question).to_be_visible()
    new_name.fill("Grace")
    expect(question).to_be_hidden()
    new_name.fill("Grace Hopper")
    watched.press("Rename")
    expect(question).to_be_visible()
    watched.page.get_by_role("button", name="Cancel").locator("visible=true").click()
    expect(watched.page.get_by_role("radio")).to_have_count(2)

    watched.press("Remove…")
    watched.press("Yes, remove")
    expect(watched.page.locator("#gallery-news")).to_contain_text("Eileen Collins was removed")
    expect(watched.page.get_by_role("radio")).to_have_count(1)
