"""What a visitor did on the page is one line of the log, which names nobody."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gradio.context import LocalContext

from facenet_app.access.actor import Actor
from facenet_app.access.role import Role
from facenet_app.access.scope import Scope
from facenet_app.server.json_log import JsonLines
from facenet_app.service import FaceService
from facenet_app.video.agreement import Seen
from facenet_app.web.answer import Answer, answering_steps
from facenet_app.web.handlers import enroll, identify, verify
from facenet_app.web.live import begin_watching, watch
from facenet_app.web.people import Removed, list_people, remove, rename, show, undo

NAMES = ("Eileen", "Grace", "ada", "photo")


@pytest.fixture(autouse=True)
def _ada() -> Iterator[None]:
    """An event of the page is under way, caused by ada, an admin."""
    actor = Actor("user", "ada", "f00d", Role.ADMIN.scopes, Role.ADMIN)
    event = SimpleNamespace(request=SimpleNamespace(scope={"state": {"actor": actor}}), session_hash="x")
    token = LocalContext.request.set(event)  # type: ignore[arg-type]  # all of it that is looked at
    yield
    LocalContext.request.reset(token)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """The lines so far, read as JSON; none of them names anybody."""
    caplog.set_level(logging.INFO, "facenet_app.web")
    formatter = JsonLines()
    read: list[dict[str, Any]] = []

    class Reading(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = formatter.format(record)
            assert not any(name in line for name in NAMES)
            read.append(json.loads(line))

    handler = Reading()
    logging.getLogger("facenet_app.web").addHandler(handler)
    yield read
    logging.getLogger("facenet_app.web").removeHandler(handler)


def outcomes(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["handler"], line["outcome"]) for line in lines if line["event"] == "page"]


def test_what_was_done_and_how_it_ended(
    service: FaceService, astronaut: Path, hopper: Path, tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    (letter := tmp_path / "photo of Grace.png").write_text("no picture")
    enroll(service, "Eileen Collins", [astronaut])
    enroll(service, "Grace Hopper", [letter])
    identify(service, letter)
    verify(service, astronaut, hopper)
    rename(service, "Eileen Collins", "Eileen")
    removed = Removed(60, later=lambda *_: None)
    key = remove(service, removed, "Eileen").undo
    assert key is not None
    undo(service, removed, key)
    undo(service, removed, key)
    assert outcomes(lines) == [
        ("enroll", "done"),
        ("enroll", "not_done"),
        ("identify", "not_an_image"),
        ("verify", "done"),
        ("rename", "done"),
        ("remove", "done"),
        ("undo", "done"),
        ("undo", "usage"),
    ]
    for line in lines:
        assert line.keys() == {
            "time", "level", "logger", "event", "request_id", "handler", "outcome", "seconds", "actor"
        }  # fmt: skip
        assert (line["request_id"], line["actor"]) == ("f00d", "user")
        assert line["seconds"] >= 0


def test_the_request_is_that_of_the_audit_trail(
    service: FaceService, astronaut: Path, lines: list[dict[str, Any]]
) -> None:
    enroll(service, "Eileen Collins", [astronaut])
    assert service.gallery.audit().entries[-1].request_id == lines[-1]["request_id"]


def test_looking_is_no_line_unless_it_goes_wrong(
    service: FaceService, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    list_people(service)
    show(service, None)
    assert lines == []
    show(service, "Grace Hopper")
    assert outcomes(lines) == [("show", "unknown_identity")]


def test_a_camera_is_one_line(service: FaceService, lines: list[dict[str, Any]]) -> None:
    empty = np.zeros((64, 64, 3), np.uint8)
    begin_watching(service, empty)
    watch(service, empty, Seen().after(()))
    assert outcomes(lines) == [("begin_watching", "done")]


def test_an_error_that_nobody_foresaw(
    service: FaceService, astronaut: Path, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret of Grace")

    monkeypatch.setattr(service, "identify", fail)
    identify(service, astronaut)
    assert [line["level"] for line in lines] == ["error", "info"]
    assert outcomes(lines) == [("identify", "internal")]


def test_many_answers_are_one_line_however_they_end(lines: list[dict[str, Any]]) -> None:
    @answering_steps(Scope.IDENTIFY)
    def count(upto: int) -> Iterator[Answer]:
        for number in range(3):
            if number == upto:
                raise RuntimeError("secret of Grace")
            yield Answer(f"{number}")

    list(count(9))
    list(count(1))
    stopped = count(9)
    next(stopped)
    stopped.close()
    assert outcomes(lines) == [("count", "done"), ("count", "internal"), ("count", "stopped")]


def test_whom_it_is_not_for(service: FaceService, lines: list[dict[str, Any]]) -> None:
    actor = Actor("user", "vera", "f00d", Role.VIEWER.scopes, Role.VIEWER)
    event = SimpleNamespace(request=SimpleNamespace(scope={"state": {"actor": actor}}))
    token = LocalContext.request.set(event)  # type: ignore[arg-type]  # all of it that is looked at
    rename(service, "Grace Hopper", "Eileen")
    LocalContext.request.reset(token)
    assert outcomes(lines) == [("rename", "forbidden")]
