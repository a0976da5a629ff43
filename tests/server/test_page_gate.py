"""The gate before the page: who is let in, what is passed on, and when a session is cut off."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from own_loop import run
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from facenet_app.access.access_file import AccessFile
from facenet_app.access.rate import RateLimit
from facenet_app.access.role import Role
from facenet_app.access.scope import Scope
from facenet_app.access.sessions import Sessions
from facenet_app.access.users import MISTAKES_ALLOWED, Lockout
from facenet_app.server import page_body
from facenet_app.server.page_door import PageDoor
from facenet_app.server.page_gate import BROWSER, COOKIE, PageGate
from facenet_app.server.uploads import Uploads

PASSWORD = "correct horse battery"


async def inside(request: Request) -> JSONResponse:
    """What comes through: the actor, and the body."""
    actor = request.scope.get("state", {}).get("actor")
    body = (await request.body()).decode()
    told = {"actor": str(actor), "scopes": sorted(actor.scopes) if actor else [], "body": body}
    return JSONResponse({**told, "browser": actor.browser if actor else ""})


def client(door: PageDoor | None, access: AccessFile | None = None) -> TestClient:
    async def removing(_: Request) -> StreamingResponse:
        async def parts() -> Any:
            yield b"before"
            assert access is not None
            access.remove_user("ada")
            yield b"after"

        return StreamingResponse(parts())

    routes = [
        Route("/gradio_api/heartbeat/x", removing),
        Route("/{path:path}", inside, methods=["GET", "POST"]),
    ]
    gate = Middleware(PageGate, door=door, upload_bytes=25_000, uploads=Uploads())
    return TestClient(Starlette(routes=routes, middleware=[gate]), follow_redirects=False)


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with one user; made once, because hashing takes long."""
    file = AccessFile(tmp_path_factory.mktemp("users") / "access.json")
    file.set_user("ada", PASSWORD, Role.ENROLLER)
    return file.path.read_bytes()


@pytest.fixture
def access(users: bytes, tmp_path: Path) -> AccessFile:
    (tmp_path / "access.json").write_bytes(users)
    return AccessFile(tmp_path / "access.json")


@pytest.fixture
def closed(access: AccessFile) -> TestClient:
    return client(PageDoor(access, Sessions(access), Lockout()), access)


def test_where_nobody_logs_in_a_browser_is_known_by_a_random_mark() -> None:
    first, second = client(None), client(None)
    assert "set-cookie" not in first.get("/config").headers
    given = first.get("/").headers["set-cookie"]
    assert re.fullmatch(r"facenet_app_browser=[\w-]{22}; Path=/; HttpOnly; SameSite=Lax", given)
    mark = first.cookies[BROWSER]
    assert first.get("/config").json()["browser"] == mark
    assert "set-cookie" not in first.get("/").headers
    assert second.get("/config").json()["browser"] == ""
    second.get("/")
    assert second.cookies[BROWSER] != mark


def test_a_mark_that_is_none_of_ours_is_replaced() -> None:
    visitor = client(None)
    visitor.cookies.set(BROWSER, "x" * 10_000)
    assert visitor.get("/config").json()["browser"] == ""
    assert "set-cookie" in visitor.get("/").headers


def test_who_logs_in_needs_no_mark(closed: TestClient) -> None:
    assert log_in(closed).headers["set-cookie"].startswith(COOKIE)
    assert "set-cookie" not in closed.get("/").headers


def log_in(visitor: TestClient, name: str = "ada", password: str = PASSWORD) -> Any:
    return visitor.post("/login", data={"username": name, "password": password})


def test_without_users_everybody_may_do_everything() -> None:
    told = client(None).get("/config").json()
    assert told == {"actor": "local", "scopes": sorted(Scope), "body": "", "browser": ""}


@pytest.mark.parametrize(
    "path", ["/config", "/assets/x.js", "/gradio_api/stream/x", "/nowhere", "/theme.css"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strangers_get_nothing(closed: TestClient, method: str, path: str) -> None:
    assert closed.request(method, path).status_code == 401
    closed.cookies.set(COOKIE, "made-up")
    assert closed.request(method, path).status_code == 401


def test_an_open_page_learns_that_the_server_is_back(closed: TestClient) -> None:
    """Gradio asks for this until it gets an answer, then loads the page again: here the form."""
    assert closed.get("/gradio_api/app_id").status_code == 200


def test_a_form_with_many_fields_is_a_wrong_log_in(closed: TestClient) -> None:
    answer = closed.post("/login", data={f"field{number}": "x" for number in range(50)})
    assert (answer.status_code, "alert" in answer.text) == (400, True)


def test_strangers_are_led_to_the_form(closed: TestClient) -> None:
    first = closed.get("/")
    assert (first.status_code, first.headers["location"]) == (303, "/login")
    form = closed.get("/login")
    assert form.status_code == 200
    assert 'method="post" action="/login"' in form.text
    assert "alert" not in form.text


def test_a_user_comes_in_with_their_role_and_leaves(closed: TestClient) -> None:
    entered = log_in(closed)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # this is plain HTTP
    told = closed.get("/config")
    assert told.json()["actor"] == "user:ada"
    assert told.json()["scopes"] == ["enroll", "identify", "verify"]
    assert told.headers["cache-control"] == "no-store"
    assert closed.get("/logout").status_code == 303  # of a link: nobody is logged out by one
    assert closed.get("/config").status_code == 200
    token = closed.cookies[COOKIE]
    assert closed.post("/logout").headers["location"] == "/login"
    closed.cookies.set(COOKIE, token)
    assert closed.get("/config").status_code == 401


def test_over_https_the_cookie_stays_there(closed: TestClient) -> None:
    closed.base_url = "https://testserver"  # type: ignore[assignment]  # httpx takes a text
    assert "secure" in log_in(closed).headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("ada", ""), ("eve", PASSWORD), ("", ""), ("ada", "x" * 20_000)]
)
def test_wrong_ones_are_all_answered_alike(closed: TestClient, name: str, password: str) -> None:
    refused = log_in(closed, name, password)
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert "set-cookie" not in refused.headers
    assert name not in refused.text or name in ("", "ada")


def test_a_name_is_locked_also_for_tries_at_the_same_time(access: AccessFile) -> None:
    door = PageDoor(access, Sessions(access), Lockout())

    async def at_once() -> list[str | None]:
        tries = [door.log_in("ada", f"wrong {n}", f"10.0.0.{n}") for n in range(MISTAKES_ALLOWED + 2)]
        return await asyncio.gather(*tries, door.log_in("ada", PASSWORD, "10.0.1.1"))

    assert run(at_once()) == [None] * (MISTAKES_ALLOWED + 3)


def test_an_address_may_not_try_name_after_name(access: AccessFile) -> None:
    door = PageDoor(access, Sessions(access), Lockout(), RateLimit(1, 3, lambda: 0.0))

    async def tries(address: str) -> str | None:
        for name in ("a", "b", "c"):
            assert await door.log_in(name, PASSWORD, address) is None
        return await door.log_in("ada", PASSWORD, address)

    assert run(tries("10.0.0.1")) is None
    assert run(door.log_in("ada", PASSWORD, "10.0.0.2")) is not None


def test_a_damaged_file_lets_nobody_stay(closed: TestClient, access: AccessFile) -> None:
    log_in(closed)
    access.path.write_text("{")
    assert closed.get("/config").status_code == 401
    assert log_in(closed).status_code == 400


def test_removing_a_user_ends_what_they_are_listening_to(closed: TestClient) -> None:
    log_in(closed)
    assert closed.get("/gradio_api/heartbeat/x").content == b"before"
    assert closed.get("/config").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/gradio_api/file=https://example.org/x",
            "/gradio_api/file=HTTP://x",
            "/gradio_api/proxy=https://x",
        ),
        *(
            "/gradio_api/run/predict",
            "/gradio_api/api/predict",
            "/gradio_api/call/x",
            "/gradio_api/vibe-code",
        ),
        *("/gradio_api/component_server", "/gradio_api/process_recording", "/gradio_api/token"),
        *(
            "/gradio_api/dev/reload",
            "/monitoring",
            "/monitoring/summary",
            "/gradio_api/deep_link",
            "/any-page",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_page_does_not_need_is_not_there(method: str, path: str) -> None:
    assert client(None).request(method, path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/config", "/assets/a/b.js", "/gradio_api/file=/tmp/x/a.png"])
def test_what_it_needs_is(path: str) -> None:
    assert client(None).get(path).status_code == 200


def test_the_api_is_none_of_its_business(closed: TestClient) -> None:
    assert closed.get("/api/v1/health").json()["actor"] == "None"
    assert closed.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    "path", ["http://example.org/a.png", "https://127.0.0.1/", "ftp://x", "\\u0068ttp://x"]
)
def test_an_event_cannot_make_the_server_fetch_a_file(path: str) -> None:
    body = f'{{"data": [[{{"path": "{path}", "meta": {{"_type": "gradio.FileData"}}}}]], "fn_index": 1}}'
    answer = client(None).post("/gradio_api/queue/join", content=body)
    assert answer.status_code == 403


def test_other_events_arrive_as_they_were_sent() -> None:
    file = {"path": "/tmp/gradio/a.png", "url": "http://127.0.0.1:7860/gradio_api/file=/tmp/gradio/a.png"}
    body = json.dumps({"data": [file, "see https://example.org", None], "fn_index": 3})
    assert client(None).post("/gradio_api/queue/join", content=body).json()["body"] == body


@pytest.mark.parametrize("body", ["{", "[" * 100_000, "\udcff".encode("utf-8", "surrogatepass")])
def test_an_event_is_json(body: Any) -> None:
    assert client(None).post("/gradio_api/queue/join", content=body).status_code == 400


def test_bodies_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_body, "LONGEST_EVENT", 100)
    assert client(None).post("/gradio_api/queue/join", content=b"1" * 101).status_code == 413
    assert client(None).post("/gradio_api/upload", content=b"1" * 25_000).status_code == 200
    assert client(None).post("/gradio_api/upload", content=b"1" * 25_001).status_code == 413
