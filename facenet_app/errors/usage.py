"""What the caller asked for makes no sense."""

from facenet_app.errors.base import FacenetAppError

__all__ = [
    "InvalidName",
    "InvalidThreshold",
    "UsageError",
]


class UsageError(FacenetAppError):
    """The caller asked for something that does not make sense."""

    code = "usage"
    exit_code = 2


class InvalidName(UsageError):
    """A person's name is empty, too long, or looks like a path."""

    code = "invalid_name"


class InvalidThreshold(UsageError):
    """A threshold outside 0 … 2, or a false match rate outside 0 … 1."""

    code = "invalid_threshold"
