"""Who is behind an event of the page."""

from facenet_app.access.actor import Actor
from facenet_app.access.scope import Scope, allows

__all__ = ["may", "visitor"]


def visitor() -> Actor | None:
    """Who caused the event under way; None outside of one, where a program calls a handler itself."""
    from gradio.context import LocalContext

    event = LocalContext.request.get(None)
    if event is None:
        return None
    assert event.request is not None  # an event is always that of a request
    actor: Actor = event.request.scope["state"]["actor"]
    return actor


def may(needed: Scope) -> bool:
    """Whether the visitor has the scope ``needed``."""
    who = visitor()
    return who is None or allows(who.scopes, needed)
