"""A question that is asked before something is done, and the place on the page where it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block

from facenet_app.service import Progress
from facenet_app.web import text
from facenet_app.web.answer import Answer
from facenet_app.web.components import PRIVATE

__all__ = ["Question", "QuestionPanel"]

Updates = dict[Block, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """``html`` asks whether to ``do`` it, which ``yes`` says; ``do`` may tell its progress.

    What is done is exactly what was asked about, whatever was typed or chosen since. ``danger`` colors
    the button.
    """

    html: str
    yes: str
    do: Callable[[Progress | None], Answer]
    danger: bool = True


class QuestionPanel:
    """Question, yes and cancel; hidden while nothing is asked. Made inside a ``gr.Blocks``."""

    def __init__(self, name: str) -> None:
        self.asked = gr.State(None)
        with gr.Column(visible=False, elem_classes="fa-ask", elem_id=f"{name}-question") as self.panel:
            self.words = gr.HTML()
            with gr.Row():
                self.yes = gr.Button(text.YES, variant="stop", min_width=120, elem_id=f"{name}-yes")
                self.cancel = gr.Button(text.CANCEL, min_width=120)
        self.cancel.click(lambda: self.ask(None), None, self.outputs, show_progress="hidden", **PRIVATE)

    @property
    def outputs(self) -> list[Block]:
        """Every component that :meth:`ask` updates."""
        return [self.asked, self.panel, self.words, self.yes]

    def ask(self, question: Question | None) -> Updates:
        """Updates that ask this, or hide the panel."""
        if question is None:
            return {
                self.asked: None,
                self.panel: gr.Column(visible=False),
                self.words: "",
                self.yes: gr.skip(),
            }
        return {
            self.asked: question,
            self.panel: gr.Column(visible=True),
            self.words: question.html,
            self.yes: gr.Button(question.yes, variant="stop" if question.danger else "primary"),
        }

    def hide_when(self, *events: Any) -> None:
        """Hide a question that is out of date.

        The browser does this by itself: through the server's queue it could arrive after the next question.
        """
        hide = "() => ({__type__: 'update', visible: false})"
        gr.on(list(events), None, None, self.panel, js=hide, **PRIVATE)
