"""Reading a request's body: multipart or JSON, never further than the limit, never onto the disk.

Pictures come as files of a multipart form, or as base64 in JSON. Both end as the same fields.
"""

import binascii
import json
import sys
from base64 import b64decode
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from facenet_app.errors import RequestError, RequestTooLarge, UnsupportedMedia

__all__ = ["BodyLimits", "Fields", "decoded", "read_body"]

ENVELOPE: Final = 65_536
"""Bytes for what is no picture: boundaries, names, other fields."""
MOST_FIELDS: Final = 20
LONGEST_FIELD: Final = 4_096

Hold = Callable[[int], None]
"""Called with the size of what is about to be held in memory; raises Overloaded if there is no room."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """``pictures`` of ``bytes_each`` at most may come in one body."""

    pictures: int
    bytes_each: int

    def total(self, *, base64: bool) -> int:
        """Bytes of the largest body."""
        pictures = self.pictures * self.bytes_each
        return ENVELOPE + (pictures * 4 // 3 + 4 * self.pictures if base64 else pictures)


@dataclass(frozen=True, slots=True)
class Fields:
    """What a body holds: pictures (still base64 text in JSON) and everything else, by name."""

    values: dict[str, Any]
    is_json: bool


async def read_body(request: Request, limits: BodyLimits, hold: Hold) -> Fields:
    """The fields of a request.

    Raises:
        UnsupportedMedia: neither multipart/form-data nor JSON.
        RequestTooLarge: more bytes than the limits allow; the rest is not read.
        RequestError: not sound, or a field that comes twice where one is wanted.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("multipart/form-data", "application/json"):
        raise UnsupportedMedia(
            "the body is neither multipart/form-data nor application/json",
            "send pictures as files of a form, or as base64 in JSON",
        )
    is_json = kind == "application/json"
    stream = _limited(request, limits.total(base64=is_json), hold)
    try:
        values = await (_json(stream) if is_json else _multipart(request, stream, limits))
    except ClientDisconnect as error:
        raise RequestError("the request ended early", "send it again") from error
    return Fields(values, is_json)


async def _limited(request: Request, most: int, hold: Hold) -> AsyncGenerator[bytes, None]:
    refusal = RequestTooLarge(f"the body has more than {most:,} bytes", "send fewer or smaller pictures")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise refusal
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > most:
            raise refusal
        hold(len(chunk))
        yield chunk


async def _json(stream: AsyncGenerator[bytes, None]) -> dict[str, Any]:
    content = b"".join([chunk async for chunk in stream])
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RequestError("the body is not sound JSON", "send one JSON object in UTF-8") from error
    if not isinstance(document, dict):
        raise RequestError("the body is not a JSON object", "send the fields by name")
    return document


class _InMemory(MultiPartParser):
    spool_max_size = sys.maxsize  # Starlette would write files of more than 1 MB to the disk


async def _multipart(
    request: Request, stream: AsyncGenerator[bytes, None], limits: BodyLimits
) -> dict[str, Any]:
    parser = _InMemory(
        request.headers,
        stream,
        max_files=limits.pictures,
        max_fields=MOST_FIELDS,
        max_part_size=LONGEST_FIELD,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, UnicodeError) as error:
        raise RequestError(
            "the form cannot be read", "check its boundary, its fields and its size"
        ) from error
    found: dict[str, Any] = {}
    for name in form:
        values = [await _value(value) for value in form.getlist(name)]
        found[name] = values if name == "images" or len(values) > 1 else values[0]
    return found


async def _value(value: str | UploadFile) -> str | bytes:
    if isinstance(value, str):
        return value
    content = await value.read()
    await value.close()
    return content


def decoded(picture: str | bytes, name: str) -> bytes:
    """The bytes of a picture of a field.

    Raises:
        RequestError: text that is not base64.
    """
    if isinstance(picture, bytes):
        return picture
    try:
        return b64decode(picture, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            f"the field {name!r} holds no picture", "send a file in a form, or base64 in JSON"
        ) from error
