"""Errors that the page raises itself, in the language in use; those of the core are in English."""

from facenet_app.errors import Forbidden, UsageError

__all__ = ["NotAllowed", "WrongInput"]


class WrongInput(UsageError):
    """Something is missing, or was chosen that is not there or cannot be used."""


class NotAllowed(Forbidden):
    """The visitor's role does not allow this."""
