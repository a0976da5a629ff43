"""What each role may do on the page: every event of it, sent as a browser would, and what is shown."""

from pathlib import Path
from typing import Any

import pytest
import requests
from members import Members
from playwright.sync_api import Browser, expect
from watching import PATIENCE, Watched

from facenet_app.access.actor import Actor
from facenet_app.access.role import Role
from facenet_app.access.scope import Scope, allows
from facenet_app.service import FaceService

REFUSED = "Your role does not allow this"
NAMES = {"vera": Role.VIEWER, "eric": Role.ENROLLER, "ada": Role.ADMIN}

NEEDED = {
    **dict.fromkeys(("Compare", "Compare all", "probe-face", "Measure"), Scope.VERIFY),
    "Identify": Scope.IDENTIFY,
    **dict.fromkeys(("Enroll", "Enroll all", "Gallery", "Cancel"), Scope.ENROLL),
    **dict.fromkeys(("Rename", "Remove…", "Yes, remove", "Yes, make them one person"), Scope.ADMIN),
    "Use these thresholds from now on": Scope.ADMIN,
    **dict.fromkeys(("Eileen Collins, twice", "Eileen Collins and Grace Hopper", "models-card-of")),
    **dict.fromkeys(("runs", "runs-chosen", "timer", "page")),
}
"""By what sets an event off (the first of several), in its words or its id; None: everybody may."""


@pytest.fixture(scope="module")
def sessions(members: Members) -> dict[str, requests.Session]:
    found = {}
    for name in NAMES:
        found[name] = requests.Session()
        found[name].trust_env = False
        assert members.log_in(found[name], name) == 200
    return found


def events(config: dict[str, Any]) -> list[tuple[str, int, list[Any]]]:
    """Every event that the server answers: what sets it off, its number, and empty inputs for it.

    But for the camera's, which is not over until the camera is off.
    """
    components = {each["id"]: each for each in config["components"]}

    def place(target: int) -> str:
        component = components.get(target, {"type": "page", "props": {}})
        props = component["props"]
        words = (
            props.get("value")
            if component["type"] == "button"
            else props.get("elem_id") or props.get("label")
        )
        return str(words or component["type"])

    def empty(component: int) -> Any:
        return "" if components[component]["type"] == "textbox" else None

    return [
        (place(each["targets"][0][0]), each["id"], [empty(one) for one in each["inputs"]])
        for each in config["dependencies"]
        if each["backend_fn"] and each["connection"] != "stream"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_event_is_refused_to_whom_it_is_not_for(members: Members, sessions, name: str) -> None:
    visitor, scopes = sessions[name], NAMES[name].scopes
    every = events(visitor.get(f"{members.address}/config", timeout=30).json())
    assert {place for place, _, _ in every} == NEEDED.keys()
    for place, number, data in every:
        refused = REFUSED in members.send(visitor, number, data)
        assert refused is not allows(scopes, NEEDED[place]), place


def test_the_audit_trail_names_the_user_and_the_request(members: Members, sessions, astronaut: Path) -> None:
    visitor = sessions["eric"]
    every = events(visitor.get(f"{members.address}/config", timeout=30).json())
    enroll, data = next((number, data) for place, number, data in every if place == "Enroll")
    upload = {"path": members.upload(visitor, astronaut), "meta": {"_type": "gradio.FileData"}}
    answer = members.send(visitor, enroll, ["Eileen Collins", [upload], *data[2:]])
    assert "Stored 1 picture of Eileen Collins" in answer
    with FaceService.open(gallery=members.gallery) as service:
        last = service.gallery.audit().entries[-1]
    assert (last.action, last.actor) == ("enroll", "user:eric")
    assert last.request_id
    assert len(last.request_id) == 32


def test_another_password_ends_the_session_at_once(members: Members) -> None:
    with requests.Session() as visitor:
        visitor.trust_env = False
        members.access.set_user("tom", "a long password")
        assert members.log_in(visitor, "tom", "a long password") == 200
        config = f"{members.address}/config"
        assert visitor.get(config, timeout=30).status_code == 200
        members.access.set_user("tom", "another password")
        assert visitor.get(config, timeout=30).status_code == 401


def test_an_actor_of_a_user_is_called_by_name() -> None:
    assert str(Actor("user", "ada", "1", Role.ADMIN.scopes, Role.ADMIN)) == "user:ada"


@pytest.mark.browser
def test_a_viewer_sees_what_a_viewer_may(members: Members, browser: Browser) -> None:
    context = browser.new_context()
    watched = Watched(context.new_page())
    watched.listen()
    page = watched.page
    page.set_default_timeout(PATIENCE)
    page.goto(members.address)
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Logged in as vera (viewer)")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("tab")).to_have_text(["Verify", "Identify", "Models"])
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible(timeout=PATIENCE)
    assert watched.errors == watched.elsewhere == []
    context.close()
