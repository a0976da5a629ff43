"""More of the page in Chromium: many pairs, the models, and whether everybody can use it."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from watching import PATIENCE, Watched, heading

pytestmark = pytest.mark.browser

TABS = ("Verify", "Identify", "Enroll", "Gallery", "Models")


def test_many_pairs_are_compared_and_saved(
    watched: Watched, astronaut: Path, hopper: Path, two_faces: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for picture in (astronaut, hopper, two_faces):
            archive.write(picture, picture.name)
    lines = "probe,reference", f"{hopper.name},{two_faces.name}", f"{astronaut.name},{hopper.name}"
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    watched.page.get_by_role("button", name="Many pairs at once").click()
    watched.upload("batch-files", tmp_path / "pictures.zip", tmp_path / "pairs.csv")
    watched.press("Compare all")
    result = watched.page.locator("#batch-result")
    expect(result).to_contain_text("Same person: 1 · Different people: 1", timeout=PATIENCE)
    with watched.page.expect_download() as download:
        watched.page.locator("#batch-save").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert saved[0].startswith("probe,reference,decision")
    assert [line.split(",")[2] for line in saved[1:]] == ["match", "non_match"]


def test_another_face_is_chosen(watched: Watched, two_faces: Path, astronaut: Path) -> None:
    watched.upload("probe", two_faces)
    watched.upload("reference", astronaut)
    watched.press("Compare")
    heading(watched, "Different people")  # Grace Hopper is the larger one
    choice = watched.page.locator("#probe-face")
    expect(choice.get_by_role("radio")).to_have_count(2)
    expect(choice.get_by_role("radio", name="2")).to_be_checked()
    expect(watched.page.locator("#reference-face")).to_be_hidden()
    choice.get_by_role("radio", name="1").check()
    heading(watched, "Same person")
    watched.page.locator("#probe").get_by_role("button", name="Remove Image").click()
    expect(choice).to_be_hidden()
    expect(watched.page.get_by_role("heading", name="Same person")).to_have_count(0)


def test_many_people_are_enrolled(watched: Watched, astronaut: Path, hopper: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.write(astronaut, "Sally Ride/1.png")  # a name that no other test of the shared page uses
        archive.writestr("Sally Ride/2.jpg", b"no picture")
    watched.tab("Enroll")
    watched.page.get_by_role("button", name="Many people at once").click()
    watched.upload("enroll-zip", tmp_path / "people.zip")
    watched.press("Enroll all")
    heading(watched, "Stored 1 picture of 1 person")
    expect(watched.page.locator("#enroll-many-result")).to_contain_text("Sally Ride/2.jpg")
    watched.tab("Gallery")
    watched.page.get_by_role("radio", name="Sally Ride").check()
    heading(watched, "Sally Ride")
    watched.press("Remove…")
    watched.press("Yes, remove")
    expect(watched.page.locator("#gallery-news")).to_contain_text("Sally Ride was removed")


def test_the_models_and_their_thresholds(watched: Watched) -> None:
    watched.tab("Models")
    shown = watched.page.locator("#models-in-use")
    expect(shown).to_contain_text("sface: 128 numbers a face")
    expect(shown.get_by_role("row")).to_have_count(5)
    expect(watched.page.locator("#models-card")).to_contain_text("Where it goes wrong")
    watched.page.get_by_label("Model", exact=True).click()
    watched.page.get_by_role("option", name="casia").click()
    expect(watched.page.locator("#models-card")).to_contain_text("CASIA-WebFace")
    watched.press("Measure")
    expect(watched.page.locator("#models-result")).to_contain_text("A ZIP file is needed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier_on_any_tab(watched: Watched, scheme: str) -> None:
    """WCAG as axe-core checks it: names of controls, contrast, roles, the order of headings."""
    watched.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched.reload()
    watched.press("Eileen Collins and Grace Hopper")
    expect(watched.page.get_by_role("heading", name="Different people")).to_be_visible(timeout=PATIENCE)
    found = []
    for tab in TABS:
        watched.tab(tab)
        expect(watched.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        found += [f"{tab}: {each}" for each in watched.barriers()]
    assert found == []
