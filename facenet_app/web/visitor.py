"""Who is behind an event of the page."""

from typing import TYPE_CHECKING

from facenet_app.access.actor import Actor
from facenet_app.access.scope import Scope, allows

if TYPE_CHECKING:
    import gradio as gr

__all__ = ["may", "visitor", "visitor_mark"]


def visitor() -> Actor | None:
    """Who caused the event under way; None outside of one, where a program calls a handler itself."""
    event = _event()
    if event is None:
        return None
    assert event.request is not None  # an event is always that of a request
    actor: Actor = event.request.scope["state"]["actor"]
    return actor


def visitor_mark() -> str:
    """The same in every tab of a visitor, also after a reload, and of nobody else; empty outside of an event.

    A user is known by the name. Where nobody logs in it is the browser, as long as it is open; if that takes
    no cookies, only the page as it was loaded.
    """
    event, who = _event(), visitor()
    if event is None or who is None:
        return ""
    return f"{who}" if who.id else f"{who} {who.browser or event.session_hash}"


def _event() -> "gr.Request | None":
    from gradio.context import LocalContext

    return LocalContext.request.get(None)


def may(needed: Scope) -> bool:
    """Whether the visitor has the scope ``needed``."""
    who = visitor()
    return who is None or allows(who.scopes, needed)
