"""Enrolling in Chromium: what is said of each photo beforehand, and photos that the gate refuses."""

import pytest
from databases import on_both_databases
from playwright.sync_api import expect
from real_people import Person
from watching import Watched, heading

pytestmark = [pytest.mark.browser, on_both_databases, pytest.mark.usefixtures("nobody")]


def test_a_face_that_is_enrolled_already_is_shown_and_stored_only_after_a_yes(
    watched: Watched, people: list[Person]
) -> None:
    person, page = people[0], watched.page
    watched.tab("Enroll")
    preview, name = page.locator("#enroll-preview"), page.get_by_label("Name", exact=True)
    watched.upload("enroll-files", person.photos[0])
    expect(preview).to_contain_text(f"Good {person.photos[0].name}")
    expect(preview).to_contain_text("With a name")
    name.fill(person.name)
    watched.press("Enroll")
    heading(watched, f"Stored 1 picture of {person.name}")
    expect(preview).to_be_hidden()

    name.fill("A Twin")
    watched.upload("enroll-files", person.photos[1])
    expect(preview).to_contain_text(f"Would not be stored {person.photos[1].name}")
    expect(preview).to_contain_text("1 pair in 100,000")
    expect(preview.get_by_role("img", name="enrolled already")).to_be_visible()
    expect(preview.get_by_role("img", name="this photo")).to_be_visible()
    watched.press("Enroll")
    heading(watched, "Nothing was stored")
    question = page.locator("#enroll-question")
    expect(question).to_contain_text("1 photo was not stored. Enroll anyway?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    watched.press("Enroll")
    watched.press("Yes, enroll them anyway")
    heading(watched, "Stored 1 picture of A Twin")
    expect(question).to_be_hidden()
    expect(name).to_have_value("")
    assert watched.overflow() <= 0
