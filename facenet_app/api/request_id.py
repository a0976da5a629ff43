"""The id of the request under way: the client's, if it is sound, else one of ours."""

import re
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

__all__ = ["REQUEST_ID", "accepted_id", "request_id", "set_request_id"]

REQUEST_ID: Final = "X-Request-ID"

_SOUND: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Nothing that a log, a terminal or a header could take for something else."""

_current: ContextVar[str] = ContextVar("facenet_app_request_id", default="")


def accepted_id(given: str | None) -> str:
    """``given`` if it is an id that can be trusted to be one, else a new one."""
    return given if given is not None and _SOUND.fullmatch(given) else uuid4().hex


def set_request_id(value: str) -> None:
    """From here on in this task, and in what it starts."""
    _current.set(value)


def request_id() -> str:
    """The id of the request under way; empty outside of one."""
    return _current.get()
