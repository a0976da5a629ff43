"""The root of the tree."""

from typing import ClassVar

__all__ = [
    "FacenetAppError",
]


class FacenetAppError(Exception):
    """Base of all errors below.

    Args:
        message: what is wrong, without a full stop at the end.
        hint: what to do next, an imperative, without a full stop; may be empty.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}." if self.hint else f"{self.message}."

    def to_dict(self) -> dict[str, str]:
        """The error as the CLI's ``--json`` and the API show it: ``code``, ``message``, ``hint``."""
        return {"code": self.code, "message": self.message, "hint": self.hint}
