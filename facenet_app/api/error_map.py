"""Errors as answers: one envelope, and the HTTP status of each kind of error.

What the server itself has done wrong, or cannot reach, is told without its message: that may hold a path
of this machine. The log has it, under the request id.
"""

import logging
import math
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from facenet_app.api.request_id import request_id
from facenet_app.errors import (
    BelongsToOther,
    ConsentExpired,
    DuplicateSample,
    FaceError,
    FacenetAppError,
    Forbidden,
    IdentityExists,
    IdentityNotFound,
    ImageError,
    ImageTooLarge,
    NoOperatingPoint,
    Overloaded,
    PoorQuality,
    ReadOnlyGallery,
    RequestError,
    RequestTooLarge,
    ServerError,
    TimedOut,
    TooManyRequests,
    Unauthorized,
    UnlikeOwnSamples,
    UnsupportedImage,
    UnsupportedMedia,
    UsageError,
)

__all__ = ["ERROR_EXAMPLE", "envelope", "handle_errors", "status_of"]

log = logging.getLogger("facenet_app.api")

STATUS: Final[dict[type[FacenetAppError], int]] = {
    UsageError: 422,
    FaceError: 422,
    PoorQuality: 422,
    ImageError: 422,
    ImageTooLarge: 413,
    UnsupportedImage: 415,
    NoOperatingPoint: 422,
    RequestError: 422,
    Unauthorized: 401,
    Forbidden: 403,
    TooManyRequests: 429,
    RequestTooLarge: 413,
    UnsupportedMedia: 415,
    IdentityNotFound: 404,
    IdentityExists: 409,
    DuplicateSample: 409,
    BelongsToOther: 409,
    UnlikeOwnSamples: 409,
    ConsentExpired: 409,
    ReadOnlyGallery: 403,
    Overloaded: 503,
    TimedOut: 504,
}
"""By the nearest class above an error; 503 for the others, which are troubles of gallery or model."""

_HTTP: Final = {
    400: ("invalid_request", "the request cannot be read", "check its headers and body"),
    404: ("not_found", "there is nothing at this address", "see /api/v1/openapi.json for what there is"),
    405: ("method_not_allowed", "this address does not know this method", "see the header Allow"),
}
_TROUBLE: Final = "ask who runs the server; its log has the reason under this request id"

ERROR_EXAMPLE: Final = {
    "error": {
        "code": "no_face",
        "message": "no face was found in the picture",
        "hint": "use a picture that shows the whole face, upright and well lit",
    },
    "request_id": "5f0f6c1e8d7a4a53a0b1f4f6f2c7d9e1",
}


def status_of(error: FacenetAppError) -> int:
    """The HTTP status that an error is answered with."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 503)


def envelope(error: FacenetAppError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer for an error of ours."""
    status = status_of(error)
    document = error.to_dict()
    if status == 503 and not isinstance(error, Overloaded):
        subject = "the model" if error.code.startswith(("model", "weights", "no_device")) else "the gallery"
        if isinstance(error, ServerError):
            subject = "the server"
        document |= {"message": f"{subject} cannot be used right now", "hint": _TROUBLE}
    sent = dict(headers or {})
    if isinstance(error, RequestError | ServerError) and error.retry_after is not None:
        sent["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    return _answer(status, document, sent)


def handle_errors(app: FastAPI) -> None:
    """Make ``app`` answer every error with the envelope; unexpected ones, too, which are logged."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, FacenetAppError)
        if status_of(error) == 503 and not isinstance(error, Overloaded):
            log.error("trouble", extra={"fields": {"code": error.code, "detail": str(error)}})
        return envelope(error)

    async def of_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code, message, hint = _HTTP.get(error.status_code, _HTTP[400])
        headers = dict(error.headers) if error.headers else {}
        return _answer(error.status_code, {"code": code, "message": message, "hint": hint}, headers)

    async def of_query(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])
        return envelope(
            RequestError(f"{name!r} is wrong ({first['msg'].lower()})", "see /api/v1/openapi.json")
        )

    app.add_exception_handler(FacenetAppError, ours)
    app.add_exception_handler(RequestValidationError, of_query)
    app.add_exception_handler(HTTPException, of_http)


def _answer(status: int, error: dict[str, Any], headers: dict[str, str]) -> JSONResponse:
    document = {"error": error, "request_id": request_id()}
    return JSONResponse(document, status_code=status, headers=headers)
