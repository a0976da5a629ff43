"""Whatever is wrong ends in the envelope, with the right status and nothing of the server in it."""

import logging
import threading
from collections.abc import Iterator

import pytest

from facenet_app.api.error_map import status_of
from facenet_app.errors import FacenetAppError, GalleryError, ModelMismatch, RequestError

PLAIN = {"Content-Type": "text/plain"}


def error_of(answer) -> dict[str, str]:
    document = answer.json()
    assert set(document) == {"error", "request_id"}
    assert set(document["error"]) == {"code", "message", "hint"}
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Content-Type"] == "application/json"
    return document["error"]


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("GET", "/verify", {}, 405, "method_not_allowed"),
        ("POST", "/verify", {}, 415, "unsupported_media"),
        (
            "POST",
            "/verify",
            {"data": "x", "headers": PLAIN},
            415,
            "unsupported_media",
        ),
        ("POST", "/verify", {"json": {}}, 422, "invalid_request"),
        ("POST", "/verify", {"json": []}, 422, "invalid_request"),
        ("POST", "/verify", {"json": {"probe": 1, "reference": "AAAA"}}, 422, "invalid_request"),
        ("POST", "/verify", {"json": {"probe": "/etc/passwd", "reference": "AAAA"}}, 422, "invalid_request"),
        ("POST", "/detect", {"json": {"image": "https://127.0.0.1/a.jpg"}}, 422, "invalid_request"),
        ("POST", "/detect", {"json": {"image": ""}}, 422, "empty_image"),
        ("POST", "/detect", {"json": {"image": "AAAA", "more": 1}}, 422, "invalid_request"),
        ("POST", "/detect", {"files": {"image": b"GIF89a..............."}}, 415, "unsupported_image"),
        ("POST", "/identities", {"json": {"name": "../x", "images": ["AAAA"]}}, 422, "invalid_name"),
        ("GET", "/identities?limit=0", {}, 422, "invalid_request"),
        ("GET", "/identities/xyz/samples", {}, 422, "invalid_request"),
        ("GET", f"/identities/{'0' * 32}/samples", {}, 404, "unknown_identity"),
        (
            "POST",
            "/detect",
            {"data": b"{", "headers": {"Content-Type": "application/json"}},
            422,
            "invalid_request",
        ),
        (
            "POST",
            "/detect",
            {"data": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
            422,
            "invalid_request",
        ),
        (
            "POST",
            "/detect",
            {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
            422,
            "invalid_request",
        ),
    ],
)
def test_wrong_requests(api, method, path, more, status, code) -> None:
    answer = api.ask(method, path, **more)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code), answer.text


def test_no_face_is_told_as_the_program_does(api, blank_picture: bytes) -> None:
    error = error_of(api.ask("POST", "/detect", files={"image": blank_picture}))
    assert error == {
        "code": "no_face",
        "message": "no face was found in the picture",
        "hint": "use a picture that shows the whole face, upright and well lit",
    }


def test_a_body_that_is_too_large_is_not_read(start_api, pictures) -> None:
    api = start_api(max_bytes=1000)
    declared = api.ask("POST", "/detect", files={"image": b"x" * 200_000})
    assert (declared.status_code, error_of(declared)["code"]) == (413, "request_too_large")

    sent = threading.Event()

    def endless():
        for _ in range(100):
            yield b"x" * 10_000
        sent.set()

    headers = {"Content-Type": "application/json"}
    undeclared = api.ask("POST", "/detect", data=endless(), headers=headers)
    assert (undeclared.status_code, error_of(undeclared)["code"]) == (413, "request_too_large")
    picture = api.ask("POST", "/detect", files={"image": b"x" * 2000})
    assert (picture.status_code, error_of(picture)["code"]) == (413, "image_too_large")


@pytest.mark.parametrize("given", ["abc-1.2_3", "x" * 64])
def test_a_sound_request_id_is_kept(api, given: str) -> None:
    assert api.ask("GET", "/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "ä", '"}', "a\tb"])
def test_another_one_is_replaced(api, given: str) -> None:
    made = api.ask("GET", "/health", headers={"X-Request-ID": given.encode()}).headers["X-Request-ID"]
    assert made != given
    assert len(made) == 32


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (RuntimeError("secret /srv/gallery.db Ada"), 500, "internal"),
        (GalleryError("the gallery /srv/gallery.db is damaged"), 503, "gallery"),
        (ModelMismatch("the gallery /srv/gallery.db secret holds others"), 503, "model_mismatch"),
        (RequestError("no"), 422, "invalid_request"),
    ],
)
def test_what_the_server_did_wrong_stays_on_the_server(
    start_api, monkeypatch, caplog: pytest.LogCaptureFixture, raised, status: int, code: str
) -> None:
    api = start_api()

    def broken(**_: object):
        raise raised

    monkeypatch.setattr(api.application.backend.service, "people", broken)
    with caplog.at_level(logging.INFO, "facenet_app.api"):
        answer = api.ask("GET", "/identities")
        api.stop()  # the line is written after the answer is sent
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert "secret" not in answer.text
    assert "/srv" not in answer.text
    assert "Traceback" not in answer.text
    told = [record.fields for record in caplog.records if record.name == "facenet_app.api"]
    assert all("Ada" not in str(fields) for fields in told)
    assert told[-1]["request_id"] == answer.headers["X-Request-ID"]
    assert told[-1]["status"] == status
    assert told[-1]["route"] == "/identities"


def test_headers_of_every_answer(api) -> None:
    for path in ("/health", "/nothing"):
        headers = api.ask("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "server" not in headers
        assert "Access-Control-Allow-Origin" not in headers


def kinds(kind: type[FacenetAppError]) -> Iterator[type[FacenetAppError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


TROUBLES = {
    *("error", "pack_damaged", "archive_refused", "internal", "access_file"),
    *("gallery", "wrong_key", "model_mismatch"),
    *("model", "unknown_model", "weights_missing", "weights_damaged", "download_failed", "no_device"),
    *("training_failed", "overloaded"),
}
"""Codes of what is the server's trouble, not the request's."""


def test_every_error_has_a_status_that_fits() -> None:
    public = [kind for kind in kinds(FacenetAppError) if kind.__module__ == "facenet_app.errors"]
    for kind in public:
        status = status_of(kind("it is wrong"))
        assert (status == 503) is (kind.code in TROUBLES), (kind, status)


def test_other_web_sites_may_use_it_only_if_they_are_listed(start_api) -> None:
    api = start_api(cors_origins="https://friend.example")
    friend, stranger = "https://friend.example", "https://evil.example"
    for origin, allowed in ((friend, friend), (stranger, None)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = api.ask("OPTIONS", "/verify", headers=asked)
        assert preflight.headers.get("Access-Control-Allow-Origin") == allowed
        answer = api.ask("GET", "/models", headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        posted = api.ask("POST", "/verify", headers={"Origin": origin})
        assert (posted.status_code == 403) is (allowed is None)
