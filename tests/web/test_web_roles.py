"""What each role may do on the page: every event of it, sent as a browser would, and what is shown."""

import ast
from collections.abc import Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from gradio.context import LocalContext
from members import Members
from playwright.sync_api import Browser, expect
from watching import PATIENCE, Watched

from facenet_app.access.actor import Actor
from facenet_app.access.role import Role
from facenet_app.access.scope import Scope, allows
from facenet_app.gallery.actor import current_author
from facenet_app.service import FaceService
from facenet_app.web.answer import Answer, answering
from facenet_app.web.handlers import identify
from facenet_app.web.language import FOLDER

REFUSED = "Your role does not allow this"
NAMES = {"vera": Role.VIEWER, "eric": Role.ENROLLER, "ada": Role.ADMIN}

EVENTS = {
    **dict.fromkeys(("compare", "batch-compare", "probe-face", "models-measure"), Scope.VERIFY),
    **dict.fromkeys(("identify-button", "video-start"), Scope.IDENTIFY),
    **dict.fromkeys(("enroll-button", "Yes, enroll them anyway", "enroll-all", "enroll-files"), Scope.ENROLL),
    **dict.fromkeys(("Gallery", "gallery-find", "gallery-people", "gallery-people-next"), Scope.ENROLL),
    **dict.fromkeys(("Rename", "Remove…", "gallery-check", "gallery-export", "models-use"), Scope.ADMIN),
    **dict.fromkeys(("Eileen Collins, twice", "models-card-of", "runs", "runs-chosen")),
}
"""Events that reach a handler with empty inputs, by the id or the words of what sets them off."""

HANDLERS = {
    **dict.fromkeys(("batch.compare_batch", "handlers.verify", "models.measure"), Scope.VERIFY),
    **dict.fromkeys(
        ("handlers.identify", "live.begin_watching", "live.watch", "video.identify_in_video"), Scope.IDENTIFY
    ),
    **dict.fromkeys(
        ("handlers.enroll", "enroll_zip.enroll_zip", "enroll_preview.preview_photos"), Scope.ENROLL
    ),
    **dict.fromkeys(("people.list_people", "people.show"), Scope.ENROLL),
    **dict.fromkeys(("people.rename", "people.ask_merge", "people.remove", "people.undo"), Scope.ADMIN),
    **dict.fromkeys(("people.ask_remove", "people.ask_remove_picture", "models.use_points"), Scope.ADMIN),
    **dict.fromkeys(("doctor.examine", "doctor.show_finding", "doctor._reembed"), Scope.ADMIN),
    **dict.fromkeys(
        ("moving.export_archive", "moving.look_into_archive", "moving.import_archive"), Scope.ADMIN
    ),
    **dict.fromkeys(("models.card", "runs.show_run")),
}
"""Every handler of the page; None: everybody may."""


def handlers() -> set[str]:
    """Those that there are, by module and name."""
    return {
        f"{path.stem}.{function.name}"
        for path in FOLDER.parent.glob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and any(ast.unparse(each).startswith("answering") for each in function.decorator_list)
    }


@pytest.fixture(params=Role)
def visiting(request: pytest.FixtureRequest) -> Iterator[Role]:
    """An event of the page is under way, caused by somebody of this role."""
    actor = Actor("user", "ada", "1", request.param.scopes, request.param)
    event = SimpleNamespace(request=SimpleNamespace(scope={"state": {"actor": actor}}))
    token = LocalContext.request.set(event)  # type: ignore[arg-type]  # all of it that is looked at
    yield request.param
    LocalContext.request.reset(token)


def test_every_handler_knows_for_whom_it_is() -> None:
    assert handlers() == HANDLERS.keys()


def test_a_handler_refuses_whom_it_is_not_for(visiting: Role) -> None:
    for name, needed in HANDLERS.items():
        module, _, function = name.partition(".")
        handler = getattr(import_module(f"facenet_app.web.{module}"), function)
        given = [each for each in signature(handler).parameters.values() if each.default is each.empty]
        answer = handler(*[None] * len(given))  # an allowed one gets as far as stumbling over these
        first = answer if isinstance(answer, Answer) else next(iter(answer))
        assert (REFUSED in first.html) is not allows(visiting.scopes, needed), name


def test_enrolled_pictures_of_others_are_for_those_who_may_see_them(
    visiting: Role, service: FaceService, astronaut: Path, hopper: Path
) -> None:
    service.enroll("Eileen Collins", [astronaut])
    assert ("fa-candidates" in identify(service, hopper).html) is (visiting is not Role.VIEWER)


def test_what_a_handler_writes_is_the_visitor_s(visiting: Role) -> None:
    @answering(None)
    def handler() -> Answer:
        return Answer(f"{current_author().name} in {current_author().request_id}")

    outside = current_author()
    assert handler().html == "user:ada in 1"
    assert current_author() == outside


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
        return str(props.get("elem_id") or props.get("label") or props.get("value") or component["type"])

    def empty(component: int) -> Any:
        return "" if components[component]["type"] == "textbox" else None

    return [
        (place(target), each["id"], [empty(one) for one in each["inputs"]])
        for each in config["dependencies"]
        if each["backend_fn"] and each["connection"] != "stream"
        for target, _ in each["targets"]
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_refused_to_whom_it_is_not_for(members: Members, sessions, name: str) -> None:
    """However it is sent: these are no clicks."""
    visitor, scopes = sessions[name], NAMES[name].scopes
    every = events(visitor.get(f"{members.address}/config", timeout=120).json())
    assert {place for place, _, _ in every} >= EVENTS.keys()
    for place, number, data in every:
        if place in EVENTS:
            refused = REFUSED in members.send(visitor, number, data)
            assert refused is not allows(scopes, EVENTS[place]), place


def test_the_audit_trail_names_the_user_and_the_request(members: Members, sessions, astronaut: Path) -> None:
    visitor = sessions["eric"]
    every = events(visitor.get(f"{members.address}/config", timeout=120).json())
    enroll, data = next((number, data) for place, number, data in every if place == "enroll-button")
    upload = {"path": members.upload(visitor, astronaut), "meta": {"_type": "gradio.FileData"}}
    answer = members.send(visitor, enroll, ["Eileen Collins", [upload], *data[2:]])
    assert "Stored 1 picture of Eileen Collins" in answer
    with FaceService.open(gallery=members.gallery) as service:
        last = service.gallery.audit().entries[-1]
    assert (last.action, last.actor) == ("enroll", "user:eric")
    assert last.request_id
    assert len(last.request_id) == 32
    line = members.logged('"page"', last.request_id, '"enroll"')
    assert (line["outcome"], line["actor"], line["logger"]) == ("done", "user", "facenet_app.web")
    assert not any("Eileen" in line or "eric" in line or "astronaut" in line for line in members.lines)


def test_another_password_ends_the_session_at_once(members: Members) -> None:
    with requests.Session() as visitor:
        visitor.trust_env = False
        members.access.set_user("tom", "a long password")
        assert members.log_in(visitor, "tom", "a long password") == 200
        config = f"{members.address}/config"
        assert visitor.get(config, timeout=120).status_code == 200
        members.access.set_user("tom", "another password")
        assert visitor.get(config, timeout=120).status_code == 401


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
    assert "Traceback" not in "".join(members.lines)
    watched.has_left()
    assert watched.errors == watched.elsewhere == []
    context.close()
