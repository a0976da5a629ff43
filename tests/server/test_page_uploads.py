"""Whose the uploads of the page are, and how many of them there may be."""

import os
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from facenet_app.access.rate import RateLimit
from facenet_app.server.page_gate import BROWSER, PageGate
from facenet_app.server.uploads import Uploads


def client(limit: RateLimit | None = None) -> TestClient:
    """A visitor of a page that puts every upload at one place."""

    async def uploaded(_: Request) -> JSONResponse:
        return JSONResponse(["/tmp/run/uploads/0a1b/me.jpg"])

    async def other(_: Request) -> PlainTextResponse:
        return PlainTextResponse("passed on")

    routes = [
        Route("/gradio_api/upload", uploaded, methods=["POST"]),
        Route("/{path:path}", other, methods=["GET", "POST"]),
    ]
    gate = Middleware(PageGate, door=None, upload_bytes=25_000, uploads=Uploads(), limit=limit)
    return TestClient(Starlette(routes=routes, middleware=[gate]))


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/run/uploads/0a1b/me.jpg",
        "/tmp/run/uploads/0a1b/tmp7/annotated.webm",
        "/tmp/run/uploads/../uploads/./0a1b//me.jpg",
        "//tmp/run/uploads/0a1b/me.jpg",
        os.path.relpath("/tmp/run/uploads/0a1b/me.jpg"),
    ],
)
def test_an_upload_is_for_whoever_sent_it(path: str) -> None:
    page = client()
    event = {"data": [{"path": path}]}

    def asked() -> tuple[int, int]:
        as_it_is = path.replace("..", "%2e%2e")  # else the client works it out itself
        got = page.get(f"/gradio_api/file={as_it_is}").status_code
        return got, page.post("/gradio_api/queue/join", json=event).status_code

    page.cookies.set(BROWSER, "a" * 22)
    assert asked() == (200, 200)  # nobody's yet, such as an example of the page
    assert page.post("/gradio_api/upload").status_code == 200
    assert asked() == (200, 200)
    page.cookies.clear()
    assert asked() == (404, 403)
    page.cookies.set(BROWSER, "b" * 22)
    assert asked() == (404, 403)
    assert page.post("/gradio_api/upload").status_code == 200  # the very same picture
    assert asked() == (200, 200)
    assert page.get("/gradio_api/file=/tmp/run/uploads/0a1c/other.jpg").status_code == 200


def test_uploads_and_events_are_limited_and_files_are_not() -> None:
    seconds = [0.0]
    page = client(RateLimit(0.5, 3, lambda: seconds[0]))
    for path in ("upload", "queue/join", "queue/join"):
        assert page.post(f"/gradio_api/{path}").status_code == 200
    for path in ("upload", "queue/join"):
        answer = page.post(f"/gradio_api/{path}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert answer.json() == {"detail": "Too many requests: wait a moment, then try again."}
    assert page.get("/config").status_code == 200
    seconds[0] = 2.0
    assert page.post("/gradio_api/upload").status_code == 200
    assert page.post("/gradio_api/upload").status_code == 429


def test_an_example_of_the_page_stays_everybodys(tmp_path: Path) -> None:
    for name, content in (("example", b"picture"), ("same", b"picture"), ("other", b"another")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "me.jpg").write_bytes(content)
    uploads = Uploads([tmp_path / "example" / "me.jpg"])
    paths = [str(tmp_path / name / "me.jpg") for name in ("same", "other")]
    uploads.note(paths, "ada")
    assert [uploads.is_others(path, "bob") for path in paths] == [False, True]
