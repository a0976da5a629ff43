"""By which names and from which sites requests are taken."""

from typing import Any

import pytest
from own_loop import run
from starlette.responses import PlainTextResponse

from facenet_app.server.guard import Guard


def ask(method: str = "GET", path: str = "/", headers: dict[str, str] | None = None, **settings: Any):
    """Status and headers of the answer through a guard on the loopback address, unless told another."""
    guard = Guard(PlainTextResponse("inside"), **({"loopback": True} | settings))
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in ({"Host": "localhost:7860"} | (headers or {})).items()
        ],
    }
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    run(guard(scope, None, send))  # type: ignore[arg-type]  # nothing is received
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


NAMED = {"loopback": False, "names": ("faces.example.org",)}
ANY_NAME = {"loopback": False}


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "localhost", 200),
        ({}, "127.0.0.1:80", 200),
        ({}, "[::1]:80", 200),
        ({}, "evil.example", 421),
        ({}, "", 421),
        (NAMED, "Faces.example.org", 200),
        (NAMED, "faces.example.org:443", 200),
        (NAMED, "localhost:7860", 200),
        (NAMED, "evil.example", 421),
        (NAMED, "xfaces.example.org", 421),
        (ANY_NAME, "whatever.example", 200),
    ],
)
def test_names(settings: dict[str, Any], host: str, status: int) -> None:
    assert ask(headers={"Host": host}, **settings)[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:7860"}, 200),
        ({"Origin": "http://localhost:7861"}, 403),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://friend.example"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_sites(method: str, headers: dict[str, str], status: int) -> None:
    assert ask(method, headers=headers, origins=("https://friend.example",))[0] == status
    assert ask("GET", headers=headers)[0] == 200


def test_every_answer_has_the_headers() -> None:
    for method, host in (("GET", "localhost"), ("GET", "evil.example"), ("POST", "localhost")):
        _, headers = ask(method, headers={"Host": host, "Origin": "https://evil.example"})
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
    assert "strict-transport-security" in ask(tls=True)[1]


def test_the_api_is_refused_in_its_own_words() -> None:
    _, headers = ask("POST", "/api/v1/verify", {"Origin": "https://evil.example"})
    assert headers["content-type"] == "application/json"


def test_web_sockets_are_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    guard = Guard(PlainTextResponse("inside"), loopback=True)
    run(guard({"type": "websocket", "path": "/"}, None, send))  # type: ignore[arg-type]  # as above
    assert sent == [{"type": "websocket.close"}]
