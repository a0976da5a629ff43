"""Who is asking, for whatever is done on their behalf: the one place that knows.

It follows a request into the threads that work on it, so that what is written down about a change can
say who made it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from facenet_app.access.scope import Scope

__all__ = ["Actor", "acting", "current_actor"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who uses the server.

    Attributes:
        kind: ``key`` (of the API), ``user`` (of the page) or ``local`` (nobody was asked to say).
        id: of the key, or the user's name; empty for ``local``.
        request_id: of the request that they act in.
        scopes: what they may do.
    """

    kind: str
    id: str
    request_id: str
    scopes: frozenset[Scope]

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


_actor: ContextVar[Actor | None] = ContextVar("facenet_app_actor", default=None)


def current_actor() -> Actor | None:
    """Who the work under way is done for; None outside of the server."""
    return _actor.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """What happens inside is done for ``actor``."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
