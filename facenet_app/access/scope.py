"""What a key may be used for."""

from enum import StrEnum

__all__ = ["Scope", "allows"]


class Scope(StrEnum):
    """The rights of a key. Every key may also ask for models, operating points and metrics."""

    VERIFY = "verify"
    """Work on the pictures of the request alone: verify, detect, embed."""
    IDENTIFY = "identify"
    """Search the gallery with a picture, which tells the names of those found."""
    ENROLL = "enroll"
    """See who is enrolled; add people and pictures."""
    ADMIN = "admin"
    """All of the above; rename, merge and remove people."""


def allows(held: frozenset[Scope], needed: Scope | None) -> bool:
    """Whether a key with the scopes ``held`` may do what needs ``needed``; None: any key may."""
    return needed is None or needed in held or Scope.ADMIN in held
