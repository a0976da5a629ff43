"""The place on the page where what was just removed can be put back, while its time runs."""

from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block
from markupsafe import Markup

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer
from facenet_app.web.components import PRIVATE
from facenet_app.web.people import UNDO_SECONDS, Removed, remove, undo, waiting
from facenet_app.web.question import Question

__all__ = ["UndoPanel"]

Updates = dict[Block, Any]

BAR = Markup('<div class="fa-countdown" aria-hidden="true"><i style="animation-delay: {:.1f}s"></i></div>')
"""Runs out by the style sheet: that takes no message a second from the server."""


class UndoPanel:
    """The newest removal of a visitor with a bar that runs out; then the one before, if it has time left.

    Made inside a ``gr.Blocks``. The server knows what each visitor removed, so it is offered in other tabs
    and after a reload, too. It is in memory for that time and nowhere else: whatever ends the server makes
    the removal final.
    """

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._removed: Removed = Removed(UNDO_SECONDS)
        self.shown = gr.State("")  # the key: in another tab something newer may have been removed since
        self.timer = gr.Timer(UNDO_SECONDS, active=False)
        with gr.Column(visible=False, elem_id="gallery-undo") as self.panel:
            self.button = gr.Button(text.UNDO, size="sm", min_width=120, elem_id="gallery-undo-button")
            self.bar = gr.HTML()
        self.timer.tick(self.offered, None, self.outputs, show_progress="hidden", **PRIVATE)

    @property
    def outputs(self) -> list[Block]:
        """Every component that :meth:`offered` updates."""
        return [self.shown, self.timer, self.panel, self.bar, self.button]

    def question(self, asked: Answer, sample_id: str | None = None) -> Question:
        """Whether to remove the person ``asked`` is about, or one picture."""
        assert asked.name is not None  # whoever asks knows about whom
        do = partial(remove, self._service, self._removed, asked.name, sample_id)
        return Question(asked.html, text.REMOVE_YES, lambda _: do())

    def undo(self, shown: str) -> Answer:
        """Put back what is offered."""
        return undo(self._service, self._removed, shown)

    def offered(self) -> Updates:
        """Updates that offer the newest removal of the visitor, or nothing."""
        kept = waiting(self._removed)
        left = kept.until - self._removed.clock() if kept else UNDO_SECONDS
        return {
            self.shown: kept.key if kept else "",
            self.timer: gr.Timer(max(left, 0.1), active=kept is not None),
            self.panel: gr.Column(visible=kept is not None),
            self.bar: BAR.format(left - UNDO_SECONDS) if kept else "",
            self.button: gr.Button(text.undo_of(name=kept.thing.taken.person.name)) if kept else gr.skip(),
        }
