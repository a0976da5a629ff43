"""What each visitor sees of the page: what is for their role, and who they are."""

from typing import Final

import gradio as gr
from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.web import text
from facenet_app.web.components import PRIVATE
from facenet_app.web.visitor import may, visitor

__all__ = ["shown_by_role"]

NEEDED: Final = {
    '[data-tab-id="identify"]': Scope.IDENTIFY,
    '[data-tab-id="enroll"]': Scope.ENROLL,
    '[data-tab-id="gallery"]': Scope.ENROLL,
    "#gallery-doctor": Scope.ADMIN,
    "#gallery-moving": Scope.ADMIN,
}
"""By selectors; the rest is for everybody. What is hidden is refused by the handlers as well."""


def shown_by_role(page: gr.Blocks, greeting: gr.HTML) -> None:
    """Whenever somebody opens the page, greet them and hide what is not for them."""
    page.load(_greeting, None, greeting, show_progress="hidden", **PRIVATE)


def _greeting() -> str:
    actor = visitor()
    if actor is None or actor.role is None:
        return ""
    # Gradio 6 does not hide a tab that was not opened yet when it is told to.
    hidden = ", ".join(selector for selector, needed in NEEDED.items() if not may(needed))
    # Not escaped, but ours; the names of users are.
    style = f"<style>{hidden} {{ display: none !important; }}</style>" if hidden else ""
    form = Markup(
        '<form class="fa-visitor" method="post" action="/logout"><span>{}</span><button>{}</button></form>'
    ).format(text.logged_in(name=actor.id, role=text.ROLES[actor.role]), text.LOG_OUT)
    return style + str(form)
