"""Bodies of requests to the page: how large they are at most, and that nothing in them is fetched."""

import json
from collections.abc import Callable, Iterator
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


async def checked_body(request: Request, upload_bytes: int, is_others: Callable[[str], bool]) -> Receive:
    """The way on which the application gets the body.

    Events are read and checked first: Gradio downloads a file whose path is an address, and takes any upload.
    Uploads go on as they come, and end where they get too large.

    Args:
        request: to the page.
        upload_bytes: of the largest upload.
        is_others: whether the file of a path is another visitor's.

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
        for path in _paths(json.loads(body)) if body else ():
            if "://" in path:
                raise BodyRefused(403, "Files are uploaded, not fetched from addresses.")
            if is_others(path):
                raise BodyRefused(403, "This is not a file of yours.")
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
        # As if the client had gone: what was written so far is deleted later, see run_folder.
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


def _paths(value: Any) -> Iterator[str]:
    """Of all files in it."""
    if isinstance(value, dict):
        if isinstance(path := value.get("path"), str):
            yield path
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _paths(each)
