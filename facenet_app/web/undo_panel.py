"""The place on the page where what was just removed can be put back, while its time runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block
from markupsafe import Markup

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer
from facenet_app.web.components import PRIVATE
from facenet_app.web.people import UNDO_SECONDS, Removed, remove, undo
from facenet_app.web.question import Question

__all__ = ["UndoPanel"]

Updates = dict[Block, Any]

BAR = Markup('<div class="fa-countdown" aria-hidden="true"><i style="animation-delay: {:.1f}s"></i></div>')
"""Runs out by the style sheet: that takes no message a second from the server."""


@dataclass(frozen=True, slots=True)
class _Undoable:
    """The key to put back what was removed, whose it was, and when its time is over (monotonic)."""

    key: str
    name: str
    until: float


class UndoPanel:
    """The newest removal of a visitor with a bar that runs out; then the one before, if it has time left.

    Made inside a ``gr.Blocks``. What was removed is in memory for that time and nowhere else: whatever
    ends the server makes the removal final.
    """

    def __init__(self, service: FaceService, clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._removed: Removed = Removed(UNDO_SECONDS)
        self._clock = clock
        self.state = gr.State(())
        self.timer = gr.Timer(UNDO_SECONDS, active=False)
        with gr.Column(visible=False, elem_id="gallery-undo") as self.panel:
            self.button = gr.Button(text.UNDO, size="sm", min_width=120, elem_id="gallery-undo-button")
            self.bar = gr.HTML()
        self.timer.tick(self.offered, self.state, self.outputs, show_progress="hidden", **PRIVATE)

    @property
    def outputs(self) -> list[Block]:
        """Every component that :meth:`offered` updates."""
        return [self.state, self.timer, self.panel, self.bar, self.button]

    def question(self, asked: Answer, sample_id: str | None = None) -> Question:
        """Whether to remove the person ``asked`` is about, or one picture; the answer is for
        :meth:`offered`.
        """
        assert asked.name is not None  # whoever asks knows about whom
        do = partial(remove, self._service, self._removed, asked.name, sample_id)
        return Question(asked.html, text.REMOVE_YES, lambda _: do())

    def undo(self, waiting: tuple[_Undoable, ...]) -> tuple[Answer, tuple[_Undoable, ...]]:
        """Put back the newest that was removed; what is left to undo then."""
        answer = undo(self._service, self._removed, waiting[-1].key if waiting else "")
        return answer, waiting[:-1] if answer.done else waiting

    def offered(self, waiting: tuple[_Undoable, ...], answer: Answer | None = None) -> Updates:
        """Updates that offer the newest of those waiting and of an answer, or nothing."""
        now = self._clock()
        if answer is not None and answer.undo is not None:
            waiting = (*waiting, _Undoable(*answer.undo, now + UNDO_SECONDS))
        waiting = tuple(each for each in waiting if each.until > now)
        left = waiting[-1].until - now if waiting else 0.0
        return {
            self.state: waiting,
            self.timer: gr.Timer(left or UNDO_SECONDS, active=bool(waiting)),
            self.panel: gr.Column(visible=bool(waiting)),
            self.bar: BAR.format(left - UNDO_SECONDS) if waiting else "",
            self.button: gr.Button(text.undo_of(name=waiting[-1].name)) if waiting else gr.skip(),
        }
