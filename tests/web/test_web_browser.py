"""The page in Chromium, as people use it. Nothing here looks inside the program."""

from pathlib import Path

import pytest
from databases import on_both_databases
from playwright.sync_api import expect
from real_people import Person, side_by_side
from watching import PATIENCE, Watched, heading

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@on_both_databases
def test_two_photos_are_compared_with_the_keyboard(
    watched: Watched, page_server, people: list[Person]
) -> None:
    probe, reference = people[0].photos[0], people[1].photos[0]
    watched.upload("probe", probe)
    watched.upload("reference", reference)
    expect(watched.page.locator("#probe img")).to_be_visible(timeout=PATIENCE)
    expect(watched.page.locator("#reference img")).to_be_visible(timeout=PATIENCE)
    arrived = list(page_server.folder.rglob(probe.name))
    assert [path.read_bytes() for path in arrived if "uploads" in path.parts] == [probe.read_bytes()]
    watched.page.get_by_role("button", name="Compare").focus()
    watched.page.keyboard.press("Enter")
    heading(watched, "Different people")
    result = watched.page.locator("#verify-result")
    expect(result.get_by_role("img", name="Probe photo")).to_be_visible()
    expect(result.get_by_role("img", name="on a scale from 0 to 2")).to_be_visible()
    watched.page.locator("#probe").get_by_role("button", name="Remove Image").click()
    expect(watched.page.get_by_role("heading", name="Different people")).to_have_count(0, timeout=PATIENCE)


@on_both_databases
def test_another_face_is_chosen(watched: Watched, people: list[Person], tmp_path: Path) -> None:
    first, second = people[:2]
    watched.upload("probe", side_by_side(tmp_path / "both.png", first.photos[1], second.photos[1]))
    watched.upload("reference", first.photos[0])
    watched.press("Compare")
    heading(watched, "Different people")  # the one on the right is the larger one
    choice = watched.page.locator("#probe-face")
    expect(choice.get_by_role("radio")).to_have_count(2)
    expect(choice.get_by_role("radio", name="2")).to_be_checked()
    expect(watched.page.locator("#reference-face")).to_be_hidden()
    choice.get_by_role("radio", name="1").check()
    heading(watched, "Same person")
    watched.page.locator("#probe").get_by_role("button", name="Remove Image").click()
    expect(choice).to_be_hidden()
    expect(watched.page.get_by_role("heading", name="Same person")).to_have_count(0)


@pytest.mark.parametrize("watched", [PHONE], indirect=True)
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


@on_both_databases
@pytest.mark.parametrize("watched", [PHONE], indirect=True)
@pytest.mark.usefixtures("enrolled")
def test_people_are_identified_on_a_phone(watched: Watched, people: list[Person], tmp_path: Path) -> None:
    first, second = people[:2]
    watched.tab("Identify")
    watched.upload("identify-photo", side_by_side(tmp_path / "both.png", first.photos[1], second.photos[1]))
    watched.press("Identify")
    heading(watched, "2 faces found, 2 recognized")
    for person in (first, second):
        expect(watched.page.get_by_role("cell", name=person.name, exact=True).first).to_be_visible()
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


@on_both_databases
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
