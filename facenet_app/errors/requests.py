"""Requests to the server that cannot be answered."""

from facenet_app.errors.base import FacenetAppError

__all__ = [
    "AccessFileDamaged",
    "Forbidden",
    "Overloaded",
    "RequestError",
    "RequestTooLarge",
    "ServerError",
    "TimedOut",
    "TooManyRequests",
    "Unauthorized",
    "UnsupportedMedia",
]


class _Unanswered(FacenetAppError):
    """``retry_after``: seconds after which the same request may be answered; None if waiting is no help."""

    def __init__(self, message: str, hint: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class RequestError(_Unanswered):
    """A request to the API that cannot be answered as it is."""

    code = "invalid_request"
    exit_code = 2


class Unauthorized(RequestError):
    """No key, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class Forbidden(RequestError):
    """The key is good, but not for this; or the request comes from another web site."""

    code = "forbidden"


class TooManyRequests(RequestError):
    """More requests than this key or address may send; try again later."""

    code = "too_many_requests"


class RequestTooLarge(RequestError):
    """The body has more bytes than are accepted; it was not read to its end."""

    code = "request_too_large"


class UnsupportedMedia(RequestError):
    """The body is neither multipart/form-data nor JSON."""

    code = "unsupported_media"


class ServerError(_Unanswered):
    """The server failed at a request that may be sound."""

    code = "internal"


class Overloaded(ServerError):
    """So many requests are waiting that this one was not taken; nothing was done."""

    code = "overloaded"


class TimedOut(ServerError):
    """The request took longer than allowed."""

    code = "timed_out"


class AccessFileDamaged(ServerError):
    """The file of keys and users cannot be read or written: nobody is let in."""

    code = "access_file"
