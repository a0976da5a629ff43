"""More of the page in Chromium: many pairs, many people, and whether everybody can use it."""

import zipfile
from pathlib import Path

import pytest
from databases import on_both_databases
from playwright.sync_api import expect
from real_people import Person, write_folders
from watching import PATIENCE, Watched, heading

from facenet_app.evaluation.lfw import read_pairs
from facenet_app.web.people import PEOPLE_SHOWN

pytestmark = pytest.mark.browser

TABS = ("Verify", "Identify", "Enroll", "Gallery", "Models")


@on_both_databases
@pytest.mark.lfw
def test_many_pairs_are_compared_and_saved(watched: Watched, lfw: Path, tmp_path: Path) -> None:
    every = read_pairs(lfw.parent / "pairsDevTest.txt")
    pairs = [*every[:3], *every[-3:]]
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for picture in {picture for pair in pairs for picture in (pair.probe, pair.reference)}:
            archive.write(lfw / picture, picture)
    lines = "probe,reference", *(f"{pair.probe},{pair.reference}" for pair in pairs)
    (tmp_path / "pairs.csv").write_text("\n".join(lines), encoding="utf-8")
    watched.page.get_by_role("button", name="Many pairs at once").click()
    watched.upload("batch-files", tmp_path / "pictures.zip", tmp_path / "pairs.csv")
    watched.press("Compare all")
    result = watched.page.locator("#batch-result")
    expect(result).to_contain_text("Same person: 3 · Different people: 3", timeout=PATIENCE)
    with watched.page.expect_download() as download:
        watched.page.locator("#batch-save").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert saved[0].startswith("probe,reference,decision")
    assert [line.split(",")[2] for line in saved[1:]] == ["match"] * 3 + ["non_match"] * 3
    watched.page.set_viewport_size({"width": 390, "height": 844})
    assert watched.overflow() <= 0


@on_both_databases
@pytest.mark.lfw
@pytest.mark.usefixtures("nobody", "lfw")
def test_many_people_are_enrolled_and_found(watched: Watched, people: list[Person], tmp_path: Path) -> None:
    many = people[: PEOPLE_SHOWN + 2]
    write_folders(archive := tmp_path / "people.zip", many, photos=1)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(f"people/{many[0].name}/letter.jpg", b"no picture")
    watched.tab("Enroll")
    watched.page.get_by_role("button", name="Many people at once").click()
    watched.upload("enroll-zip", archive)
    watched.press("Enroll all")
    heading(watched, f"Stored {len(many)} pictures of {len(many)} people")
    expect(watched.page.locator("#enroll-many-result")).to_contain_text("letter.jpg")
    watched.tab("Gallery")
    listed = watched.page.locator("#gallery-people").get_by_role("radio")
    expect(listed).to_have_count(PEOPLE_SHOWN)
    watched.page.locator("#gallery-people-next").click()
    expect(listed).to_have_count(2)
    watched.page.get_by_label("Find by name").fill(many[0].name.upper())
    expect(listed).to_have_count(1)
    listed.check()
    heading(watched, many[0].name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier_on_any_tab(watched: Watched, scheme: str, astronaut: Path, hopper: Path) -> None:
    """WCAG as axe-core checks it: names of controls, contrast, roles, the order of headings."""
    watched.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched.reload()
    watched.press("Eileen Collins and Grace Hopper")
    expect(watched.page.get_by_role("heading", name="Different people")).to_be_visible(timeout=PATIENCE)
    found = []
    for tab in TABS:
        watched.tab(tab)
        expect(watched.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        if tab == "Enroll":
            watched.upload("enroll-files", astronaut, hopper)
        found += [f"{tab}: {each}" for each in watched.barriers()]
    assert found == []
