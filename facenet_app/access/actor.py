"""Who is asking."""

from dataclasses import dataclass

from facenet_app.access.role import Role
from facenet_app.access.scope import Scope

__all__ = ["Actor"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who uses the server; as text what logs and the audit trail call them.

    Attributes:
        kind: ``key`` (of the API), ``user`` (of the page) or ``local`` (nobody was asked to say).
        id: of the key, or the user's name; empty for ``local``.
        request_id: of the request that they act in.
        scopes: what they may do.
        role: of a user, which is where the scopes come from.
        browser: a random mark of the browser that a ``local`` actor uses; empty if it is not known.
    """

    kind: str
    id: str
    request_id: str
    scopes: frozenset[Scope]
    role: Role | None = None
    browser: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind
