"""The tab Gallery in Chromium, on a gallery in a file and on a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from cutting_proxy import CuttingProxy
from playwright.sync_api import Browser, Locator, expect
from watching import PATIENCE, Watched, heading

pytestmark = pytest.mark.browser

ON_SERVER = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(scope="session")
def proxy(server) -> Iterator[CuttingProxy]:
    """What the page reaches PostgreSQL through, so that it can be cut off."""
    (place,) = Path(server.folder).glob(".s.PGSQL.*[0-9]")
    proxy = CuttingProxy(place)
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def postgres_page(server, proxy: CuttingProxy, start_page, chromium: Path):
    """A page whose gallery is on the server."""
    with server.database() as address:
        page = start_page(gallery=proxy.address(address))
        assert page.address, "".join(page.lines)
        yield page
        page.process.terminate()
        page.process.wait(20)


@pytest.fixture(scope="module", params=["sqlite", ON_SERVER])
def page_server(request: pytest.FixtureRequest, start_page):
    """A page on each database in turn."""
    return request.getfixturevalue("postgres_page" if request.param == "postgres" else "shared_page")


@pytest.fixture
def nobody(page_server) -> None:
    """The gallery is empty, whatever tests of the shared page left in it."""
    address = f"{page_server.address}/api/v1/identities"
    with requests.Session() as session:
        session.trust_env = False
        for each in session.get(address, timeout=20).json()["identities"]:
            session.delete(f"{address}/{each['id']}", timeout=20)


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


def people(watched: Watched) -> Locator:
    return place(watched, "people").get_by_role("radio")


def remove_shown(watched: Watched) -> None:
    press(watched, "Remove…")
    press(watched, "Yes, remove")


@pytest.mark.usefixtures("nobody")
def test_from_enrolling_to_removing_and_back(
    watched: Watched, astronaut: Path, hopper: Path, two_faces: Path
) -> None:
    name = "Eileen <img src=x onerror=alert(1)> ${1+1} {{value}}"
    watched.tab("Gallery")
    expect(place(watched, "note")).to_contain_text("Nobody is enrolled yet")
    expect(watched.page.get_by_label("New name")).to_be_hidden()
    enroll(watched, name, astronaut)
    enroll(watched, "Grace Hopper", hopper)
    expect(watched.page.get_by_label("Name", exact=True)).to_have_value("")

    watched.tab("Identify")
    watched.upload("identify-photo", two_faces)
    watched.press("Identify")
    heading(watched, "2 faces found, 2 recognized")
    expect(watched.page.get_by_role("cell", name=name, exact=True)).to_be_visible()

    watched.tab("Gallery")
    watched.page.get_by_label("Find by name").fill("EILEEN")
    expect(people(watched)).to_have_count(1)
    watched.page.get_by_role("radio", name="Eileen").check()
    heading(watched, name)
    watched.page.get_by_label("Find by name").fill("")
    expect(people(watched)).to_have_count(2)
    new_name = watched.page.get_by_label("New name")
    new_name.fill("Eileen Collins")
    press(watched, "Rename")
    expect(place(watched, "news")).to_contain_text("is now called Eileen Collins")
    expect(watched.page.get_by_role("radio", name="Eileen Collins")).to_be_checked()

    new_name.fill("Grace Hopper")
    press(watched, "Rename")
    question = watched.page.get_by_text("Are Eileen Collins and Grace Hopper the same person?")
    expect(question).to_be_visible()
    new_name.fill("Grace")
    expect(question).to_be_hidden()
    new_name.fill("Grace Hopper")
    press(watched, "Rename")
    expect(question).to_be_visible()
    press(watched, "Cancel")
    expect(question).to_be_hidden()
    expect(people(watched)).to_have_count(2)

    remove_shown(watched)
    expect(place(watched, "news")).to_contain_text("Eileen Collins was removed")
    expect(people(watched)).to_have_count(1)
    watched.page.get_by_role("radio", name="Grace Hopper").check()
    heading(watched, "Grace Hopper")
    remove_shown(watched)
    expect(people(watched)).to_have_count(0)
    expect(place(watched, "note")).to_contain_text("Nobody is enrolled yet")
    press(watched, "Undo: Grace Hopper")
    expect(place(watched, "news")).to_contain_text("Grace Hopper is as before")
    heading(watched, "Grace Hopper")
    press(watched, "Undo: Eileen Collins")
    heading(watched, "Eileen Collins")
    expect(people(watched)).to_have_count(2)
    expect(place(watched, "undo")).to_be_hidden()


@pytest.mark.parametrize("page_server", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("nobody")
def test_undo_is_there_after_a_reload_and_in_another_tab_of_the_visitor_only(
    watched: Watched, browser: Browser, page_server, astronaut: Path, hopper: Path
) -> None:
    for name, photo in (("Eileen Collins", astronaut), ("Grace Hopper", hopper)):
        enroll(watched, name, photo)
    watched.tab("Gallery")
    for name in ("Eileen Collins", "Grace Hopper"):
        watched.page.get_by_role("radio", name=name).check()
        heading(watched, name)
        remove_shown(watched)
        expect(watched.page.get_by_role("button", name=f"Undo: {name}")).to_be_visible()
    watched.reload()
    watched.tab("Gallery")
    press(watched, "Undo: Grace Hopper")
    heading(watched, "Grace Hopper")
    other_tab = Watched(watched.page.context.new_page())
    other_tab.page.goto(page_server.address)
    other_tab.tab("Gallery")
    press(other_tab, "Undo: Eileen Collins")
    heading(other_tab, "Eileen Collins")
    expect(people(other_tab)).to_have_count(2)
    remove_shown(other_tab)
    expect(people(other_tab)).to_have_count(1)
    context = browser.new_context()
    somebody_else = Watched(context.new_page())
    somebody_else.page.goto(page_server.address)
    somebody_else.tab("Gallery")
    expect(people(somebody_else)).to_have_count(1)
    expect(place(somebody_else, "undo")).to_be_hidden()
    context.close()


@pytest.mark.usefixtures("nobody")
def test_an_archive_and_findings(
    watched: Watched, astronaut: Path, hopper: Path, two_faces: Path, tmp_path: Path
) -> None:
    gallery = watched
    enroll(gallery, "Grace Hopper", hopper, two_faces)
    enroll(gallery, "Eileen Collins", astronaut)
    gallery.tab("Gallery")
    gallery.page.get_by_role("button", name="Export and import").click()
    press(gallery, "Make an archive")
    expect(place(gallery, "exported")).to_contain_text("2 people with 3 pictures", timeout=PATIENCE)
    with gallery.page.expect_download() as download:
        place(gallery, "save").click()
    saved = tmp_path / "people.zip"
    download.value.save_as(saved)
    gallery.page.get_by_role("radio", name="Grace Hopper").check()
    heading(gallery, "Grace Hopper")
    remove_shown(gallery)
    expect(people(gallery)).to_have_count(1)
    gallery.upload("gallery-archive", saved)
    press(gallery, "What would happen?")
    expect(place(gallery, "imported")).to_contain_text("added: 1 · left out: 1", timeout=PATIENCE)
    expect(people(gallery)).to_have_count(1)
    press(gallery, "Yes, import")
    expect(people(gallery)).to_have_count(2, timeout=PATIENCE)

    gallery.page.get_by_role("radio", name="Grace Hopper").check()
    heading(gallery, "Grace Hopper")
    place(gallery, "picture").get_by_role("radio", name="2").check()
    press(gallery, "Remove picture…")
    expect(gallery.page.get_by_text("Remove this picture of Grace Hopper?")).to_be_visible()
    press(gallery, "Yes, remove")
    expect(place(gallery, "news")).to_contain_text("A picture of Grace Hopper was removed")
    press(gallery, "Undo: Grace Hopper")
    expect(place(gallery, "person").get_by_role("img")).to_have_count(2)

    gallery.page.get_by_role("button", name="Look for problems").click()
    press(gallery, "Check the gallery")
    place(gallery, "findings").get_by_role("radio", name="One picture only: 1 picture").check()
    expect(place(gallery, "finding").get_by_role("img", name="Eileen Collins, picture 1")).to_be_visible()
    press(gallery, "Remove…")
    expect(place(gallery, "question")).to_be_visible()
    assert gallery.barriers() == []
    gallery.page.set_viewport_size({"width": 390, "height": 844})
    assert gallery.overflow() <= 0


@pytest.mark.parametrize("page_server", [ON_SERVER], indirect=True)
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


def test_a_server_out_of_reach_is_said_and_found_again(browser: Browser, shared_page) -> None:
    host, port = shared_page.address.removeprefix("http://").split(":")
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
