"""The tab Gallery in Chromium, on a gallery in a file and on a PostgreSQL server."""

from pathlib import Path

import pytest
from cutting_proxy import CuttingProxy
from databases import on_both_databases, on_postgres
from playwright.sync_api import Browser, Locator, Route, expect
from real_people import Person, side_by_side
from watching import PATIENCE, Watched, heading

pytestmark = pytest.mark.browser


def enroll(watched: Watched, name: str, *photos: Path) -> None:
    watched.tab("Enroll")
    watched.page.get_by_label("Name", exact=True).fill(name)
    watched.upload("enroll-files", *photos)
    watched.press("Enroll")
    heading(watched, f"Stored {len(photos)} picture{'s' if len(photos) > 1 else ''} of {name}")


def place(watched: Watched, name: str) -> Locator:
    return watched.page.locator(f"#gallery-{name}")


def press(watched: Watched, name: str, within: str = "") -> None:
    """A button of the tab Gallery that can be seen."""
    inside = place(watched, within) if within else watched.page
    inside.get_by_role("button", name=name, exact=True).locator("visible=true").click()


def shown(watched: Watched) -> Locator:
    """Everybody on the page of the list."""
    return place(watched, "people").get_by_role("radio")


def choose(watched: Watched, name: str) -> None:
    watched.page.get_by_role("radio", name=name).check()
    heading(watched, name)


def remove_shown(watched: Watched) -> None:
    press(watched, "Remove…")
    press(watched, "Yes, remove")


@on_both_databases
@pytest.mark.usefixtures("nobody")
def test_from_enrolling_to_removing_and_back(watched: Watched, people: list[Person], tmp_path: Path) -> None:
    first, second = people[:2]
    name = f"{first.name} <img src=x onerror=alert(1)> ${{1+1}} {{{{value}}}}"
    watched.tab("Gallery")
    expect(place(watched, "note")).to_contain_text("Nobody is enrolled yet")
    expect(watched.page.get_by_label("New name")).to_be_hidden()
    enroll(watched, name, first.photos[0])
    enroll(watched, second.name, second.photos[0])
    expect(watched.page.get_by_label("Name", exact=True)).to_have_value("")

    watched.tab("Identify")
    watched.upload("identify-photo", side_by_side(tmp_path / "both.png", first.photos[1], second.photos[1]))
    watched.press("Identify")
    heading(watched, "2 faces found, 2 recognized")
    expect(watched.page.get_by_role("cell", name=name, exact=True).first).to_be_visible()

    watched.tab("Gallery")
    watched.page.get_by_label("Find by name").fill(first.name.upper())
    expect(shown(watched)).to_have_count(1)
    choose(watched, name)
    watched.page.get_by_label("Find by name").fill("")
    expect(shown(watched)).to_have_count(2)
    new_name = watched.page.get_by_label("New name")
    new_name.fill(first.name)
    press(watched, "Rename")
    expect(place(watched, "news")).to_contain_text(f"is now called {first.name}")
    expect(watched.page.get_by_role("radio", name=first.name)).to_be_checked()

    new_name.fill(second.name)
    press(watched, "Rename")
    question = watched.page.get_by_text(f"Are {first.name} and {second.name} the same person?")
    expect(question).to_be_visible()
    new_name.fill("Somebody")
    expect(question).to_be_hidden()
    new_name.fill(second.name)
    press(watched, "Rename")
    expect(question).to_be_visible()
    press(watched, "Cancel")
    expect(question).to_be_hidden()
    expect(shown(watched)).to_have_count(2)

    remove_shown(watched)
    expect(place(watched, "news")).to_contain_text(f"{first.name} was removed")
    expect(shown(watched)).to_have_count(1)
    choose(watched, second.name)
    remove_shown(watched)
    expect(shown(watched)).to_have_count(0)
    expect(place(watched, "note")).to_contain_text("Nobody is enrolled yet")
    press(watched, f"Undo: {second.name}")
    expect(place(watched, "news")).to_contain_text(f"{second.name} is as before")
    heading(watched, second.name)
    press(watched, f"Undo: {first.name}")
    heading(watched, first.name)
    expect(shown(watched)).to_have_count(2)
    expect(place(watched, "undo")).to_be_hidden()

    new_name.fill(second.name)
    press(watched, "Rename")
    press(watched, "Yes, make them one person")
    expect(shown(watched)).to_have_count(1)
    expect(place(watched, "person").get_by_role("img")).to_have_count(2)


def test_undo_is_there_after_a_reload_and_in_another_tab_of_the_visitor_only(
    watched: Watched, browser: Browser, page_server, enrolled: list[Person]
) -> None:
    watched.tab("Gallery")
    first, second, *_ = (person.name for person in enrolled)
    for name in (first, second):
        choose(watched, name)
        remove_shown(watched)
        expect(watched.page.get_by_role("button", name=f"Undo: {name}")).to_be_visible()
    watched.reload()
    watched.tab("Gallery")
    press(watched, f"Undo: {second}")
    heading(watched, second)
    other_tab = Watched(watched.page.context.new_page())
    other_tab.page.goto(page_server.address)
    other_tab.tab("Gallery")
    press(other_tab, f"Undo: {first}")
    heading(other_tab, first)
    expect(shown(other_tab)).to_have_count(len(enrolled))
    remove_shown(other_tab)
    expect(shown(other_tab)).to_have_count(len(enrolled) - 1)
    context = browser.new_context()
    somebody_else = Watched(context.new_page())
    somebody_else.page.goto(page_server.address)
    somebody_else.tab("Gallery")
    expect(shown(somebody_else)).to_have_count(len(enrolled) - 1)
    expect(place(somebody_else, "undo")).to_be_hidden()
    context.close()


def test_a_click_is_kept_whatever_is_still_under_way(watched: Watched, enrolled: list[Person]) -> None:
    """The tab asks for the list as it is now; meanwhile somebody is chosen in the list of before."""
    watched.tab("Gallery")
    expect(shown(watched)).to_have_count(len(enrolled))
    watched.tab("Enroll")
    held: list[Route] = []
    watched.page.route("**/queue/join?*", lambda route: route.continue_() if held else held.append(route))
    watched.tab("Gallery")
    watched.wait_until(lambda: bool(held))
    watched.page.get_by_role("radio", name=enrolled[0].name).check()
    held[0].continue_()
    heading(watched, enrolled[0].name)


@on_both_databases
@pytest.mark.usefixtures("nobody")
def test_an_archive_and_findings(watched: Watched, people: list[Person], tmp_path: Path) -> None:
    gallery, (first, second) = watched, people[:2]
    enroll(gallery, second.name, *second.photos[:2])
    enroll(gallery, first.name, first.photos[0])
    gallery.tab("Gallery")
    gallery.page.get_by_role("button", name="Export and import").click()
    press(gallery, "Make an archive")
    expect(place(gallery, "exported")).to_contain_text("2 people with 3 pictures", timeout=PATIENCE)
    with gallery.page.expect_download() as download:
        place(gallery, "save").click()
    saved = tmp_path / "people.zip"
    download.value.save_as(saved)
    choose(gallery, second.name)
    remove_shown(gallery)
    expect(shown(gallery)).to_have_count(1)
    gallery.upload("gallery-archive", saved)
    press(gallery, "What would happen?")
    expect(place(gallery, "imported")).to_contain_text("added: 1 · left out: 1", timeout=PATIENCE)
    expect(shown(gallery)).to_have_count(1)
    press(gallery, "Yes, import")
    expect(shown(gallery)).to_have_count(2, timeout=PATIENCE)

    choose(gallery, second.name)
    place(gallery, "picture").get_by_role("radio", name="2").check()
    press(gallery, "Remove picture…")
    expect(gallery.page.get_by_text(f"Remove this picture of {second.name}?")).to_be_visible()
    press(gallery, "Yes, remove")
    expect(place(gallery, "news")).to_contain_text(f"A picture of {second.name} was removed")
    press(gallery, f"Undo: {second.name}")
    expect(place(gallery, "person").get_by_role("img")).to_have_count(2)

    gallery.page.get_by_role("button", name="Look for problems").click()
    press(gallery, "Check the gallery")
    place(gallery, "findings").get_by_role("radio", name="One picture only: 1 picture").check()
    expect(place(gallery, "finding").get_by_role("img", name=f"{first.name}, picture 1")).to_be_visible()
    press(gallery, "Remove…")
    expect(place(gallery, "question")).to_be_visible()
    assert gallery.barriers() == []
    gallery.page.set_viewport_size({"width": 390, "height": 844})
    assert gallery.overflow() <= 0


@on_postgres
@pytest.mark.usefixtures("nobody")
def test_a_database_out_of_reach_is_said_and_found_again(
    watched: Watched, proxy: CuttingProxy, page_server
) -> None:
    watched.tab("Gallery")
    expect(place(watched, "note")).to_contain_text("Nobody is enrolled yet")
    proxy.accepts = False
    proxy.cut_all()
    find = watched.page.get_by_label("Find by name")
    find.fill("Grace")
    alert = place(watched, "note").get_by_role("alert")
    expect(alert).to_contain_text("cannot be reached", timeout=PATIENCE)
    assert "Traceback" not in alert.inner_text()
    proxy.accepts = True
    find.fill("")
    expect(place(watched, "note")).to_contain_text("Nobody is enrolled yet", timeout=PATIENCE)
    assert "Traceback" not in "".join(page_server.lines)


@on_both_databases
def test_a_server_out_of_reach_is_said_and_found_again(browser: Browser, page_server) -> None:
    host, port = page_server.address.removeprefix("http://").split(":")
    way = CuttingProxy((host, int(port)))
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://{host}:{way.port}")
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_visible(timeout=PATIENCE)
    way.accepts = False
    way.cut_all()
    page.get_by_role("button", name="Compare", exact=True).click()
    lost = page.get_by_text("Connection to the server was lost")
    expect(lost).to_be_visible(timeout=PATIENCE)
    with page.expect_event("load"):  # a click while the page loads itself again would be lost
        way.accepts = True
    expect(lost).to_be_hidden(timeout=PATIENCE)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#verify-result")).to_contain_text("Two photos are needed", timeout=PATIENCE)
    context.close()
    way.close()
