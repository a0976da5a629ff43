"""Bodies of requests to the page: how large they are at most, and that nothing in them is fetched."""

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Message, Receive

__all__ = ["FILES_AT_ONCE", "FORM_BYTES", "BodyRefused", "checked_body"]

LONGEST_EVENT: Final = 16_000_000
"""Bytes of an event; one of the camera holds a picture."""
FILES_AT_ONCE: Final = 25
"""An upload may be as large as so many of the largest pictures."""
FORM_BYTES: Final = 1_000_000
"""Room for the form around a file."""


class BodyRefused(Exception):
    """The request is answered with ``status`` and this sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def checked_body(request: Request, upload_bytes: int) -> Receive:
    """The way on which the application gets the body.

    Events are read and checked first: Gradio downloads a file whose path is an address. Uploads go on as
    they come, and end where they get too large.

    Raises:
        BodyRefused: an event that is too large, no JSON, or has such a path; an upload said to be too large.
    """
    if request.method != "POST":
        return request.receive
    if request.url.path.endswith("/upload"):
        return _limited(request, upload_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_EVENT:
            raise BodyRefused(413, "This is too large.")
    try:
        if body and _fetches(json.loads(body)):
            raise BodyRefused(403, "Files are uploaded, not fetched from addresses.")
    except (ValueError, RecursionError) as error:
        raise BodyRefused(400, "This is no sound JSON.") from error
    return _again(bytes(body), request.receive)


def _limited(request: Request, most: int) -> Receive:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise BodyRefused(413, "This is too large.")
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        # As if the client had gone: what was written so far is deleted.
        return message if seen <= most else {"type": "http.disconnect"}

    return receive


def _again(body: bytes, after: Receive) -> Receive:
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return await after()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _fetches(value: Any) -> bool:
    """Whether there is a file in it whose path is an address."""
    if isinstance(value, dict):
        path = value.get("path")
        return (isinstance(path, str) and "://" in path) or any(map(_fetches, value.values()))
    return isinstance(value, list) and any(map(_fetches, value))
