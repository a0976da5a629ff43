"""Photos as telephones make them: 12 megapixels, turned by a note in the file."""

from pathlib import Path

import pytest
from databases import on_both_databases
from playwright.sync_api import expect
from real_people import Person, write_large
from watching import Watched, heading

pytestmark = [pytest.mark.browser, on_both_databases]


@pytest.fixture(scope="module")
def large(people: list[Person], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another photo of somebody enrolled."""
    path = tmp_path_factory.mktemp("photos") / "IMG_0001.jpg"
    write_large(path, people[0].photos[1])
    return path


def test_a_large_turned_photo_is_compared_upright(
    watched: Watched, large: Path, people: list[Person]
) -> None:
    watched.upload("probe", large)
    watched.upload("reference", people[0].photos[0])
    watched.press("Compare")
    heading(watched, "Same person")
    shown = watched.page.locator("#verify-result").get_by_role("img", name="Probe photo")
    expect(shown).to_be_visible()
    # Sent back upright, and no larger than a screen needs.
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [720, 960]
    assert shown.evaluate("image => image.src.length") < 400_000


@pytest.mark.usefixtures("enrolled")
def test_a_large_photo_is_searched_and_enrolled(watched: Watched, large: Path, people: list[Person]) -> None:
    name = people[0].name
    watched.tab("Identify")
    watched.upload("identify-photo", large)
    watched.press("Identify")
    heading(watched, "1 face found, 1 recognized")
    expect(watched.page.get_by_role("cell", name=name, exact=True).first).to_be_visible()
    watched.tab("Enroll")
    watched.upload("enroll-files", large)
    expect(watched.page.locator("#enroll-preview")).to_contain_text("Good IMG_0001.jpg")
    watched.page.get_by_label("Name", exact=True).fill(name)
    watched.press("Enroll")
    heading(watched, f"Stored 1 picture of {name}")
