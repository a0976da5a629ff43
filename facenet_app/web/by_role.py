"""What each visitor sees of the page: tabs by their role, and who they are."""

from typing import Final

import gradio as gr
from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.web import text
from facenet_app.web.components import PRIVATE
from facenet_app.web.visitor import may, visitor

__all__ = ["shown_by_role"]

NEEDED: Final = {"identify": Scope.IDENTIFY, "enroll": Scope.ENROLL, "gallery": Scope.ENROLL}
"""By the ids of tabs; the others are for everybody. What is hidden is refused by the handlers as well."""


def shown_by_role(page: gr.Blocks, greeting: gr.HTML) -> None:
    """Whenever somebody opens the page, greet them and hide the tabs that are not for them."""
    page.load(_greeting, None, greeting, show_progress="hidden", **PRIVATE)


def _greeting() -> Markup:
    actor = visitor()
    if actor is None or actor.role is None:
        return Markup("")
    # Gradio 6 does not hide a tab that was not opened yet when it is told to.
    tabs = [tab for tab, needed in NEEDED.items() if not may(needed)]
    hidden = Markup(", ").join(Markup('[data-tab-id="{}"]').format(tab) for tab in tabs)
    style = Markup("<style>{} {{ display: none !important; }}</style>").format(hidden) if tabs else ""
    return Markup(
        '{}<form class="fa-visitor" method="post" action="/logout"><span>{}</span><button>{}</button></form>'
    ).format(style, text.logged_in(name=actor.id, role=text.ROLES[actor.role]), text.LOG_OUT)
