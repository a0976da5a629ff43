"""The part of the tab Gallery that looks for what is wrong, and mends it with a click and a yes."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block

from facenet_app.domain import Finding
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.components import PRIVATE
from facenet_app.web.doctor import examine, finding_line, mergers, reembedding, show_finding, without
from facenet_app.web.people import ask_remove_picture
from facenet_app.web.question import Question, QuestionPanel
from facenet_app.web.undo_panel import UndoPanel

__all__ = ["DoctorPanel"]

Updates = dict[Block, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What was found, which of it is shown, and the picture that the question is about, if there is one."""

    findings: tuple[Finding, ...] = ()
    shown: Finding | None = None
    picture: str | None = None


class DoctorPanel:
    """Findings, one of them with its pictures, and what mends it. Made inside a ``gr.Blocks``.

    ``undo`` keeps what is removed here, too; the tab offers it after ``mended``.
    """

    def __init__(self, service: FaceService, undo: UndoPanel) -> None:
        self._service = service
        self._undo = undo
        self.view = gr.State(View())
        with gr.Accordion(text.DOCTOR, open=False, elem_id="gallery-doctor"):
            gr.HTML(f'<p class="fa-intro">{text.DOCTOR_INTRO}</p>')
            self.look = gr.Button(text.DOCTOR_LOOK, elem_id="gallery-check")
            self.news = gr.HTML(elem_id="gallery-doctor-news")
            self.chosen = gr.Radio(
                [],
                label=text.DOCTOR_FOUND,
                visible=False,
                elem_id="gallery-findings",
                elem_classes="fa-people",
            )
            self.finding = gr.HTML(elem_id="gallery-finding")
            with gr.Row():
                self.merge = [gr.Button(visible=False, min_width=120) for _ in range(2)]
                self.reembed = gr.Button(text.REEMBED, visible=False, min_width=120)
            with gr.Row(visible=False) as self.one_picture:
                self.picture = gr.Radio([], label=text.PICTURE, elem_id="gallery-finding-picture")
                self.remove = gr.Button(text.REMOVE_PICTURE, size="sm", min_width=120)
            self.question = QuestionPanel("gallery-doctor")
        self._wire()

    def _wire(self) -> None:
        self.look.click(self._examine, None, self.outputs, show_progress_on=self.news, **PRIVATE)
        quiet = {"show_progress": "hidden", **PRIVATE}
        inputs = [self.view, self.chosen, self.picture]
        self.chosen.input(self._choose, inputs, self.outputs, **quiet)
        self.remove.click(self._ask_remove, inputs, self.outputs, **quiet)
        self.reembed.click(self._ask_reembed, inputs, self.outputs, **quiet)
        for number, button in enumerate(self.merge):
            button.click(
                lambda view, *_, number=number: self._ask_merge(view, number), inputs, self.outputs, **quiet
            )
        self.mended = self.question.yes.click(
            self._do,
            [self.view, self.question.asked],
            self.outputs,
            show_progress_on=self.news,
            **PRIVATE,
        )

    @property
    def outputs(self) -> list[Block]:
        """Every component that is rendered anew after an event."""
        own = [self.view, self.news, self.chosen, self.finding, *self.merge, self.reembed]
        return [*own, self.one_picture, self.picture, *self.question.outputs]

    def _render(self, view: View, news: str, question: Question | None = None) -> Updates:
        shown = show_finding(self._service, view.shown)
        buttons = [label for label, _ in mergers(self._service, view.shown)] or [""] * len(self.merge)
        mends = reembedding(self._service, view.shown) is not None
        lines = [(finding_line(each), str(number)) for number, each in enumerate(view.findings)]
        place = view.findings.index(view.shown) if view.shown in view.findings else None
        return {
            self.view: view,
            self.news: news,
            self.chosen: gr.Radio(
                choices=lines, value=None if place is None else str(place), visible=bool(lines)
            ),
            self.finding: shown.html,
            **{
                button: gr.Button(label, visible=bool(label))
                for button, label in zip(self.merge, buttons, strict=True)
            },
            self.reembed: gr.Button(visible=mends),
            self.one_picture: gr.Row(visible=bool(shown.pictures)),
            self.picture: gr.Radio(choices=list(shown.pictures), value=view.picture),
            **self.question.ask(question),
        }

    def _examine(self) -> Updates:
        answer = examine(self._service)
        return self._render(View(answer.findings), answer.html)

    def _choose(self, view: View, chosen: str | None, _: object) -> Updates:
        place = int(chosen) if chosen else -1
        shown = view.findings[place] if 0 <= place < len(view.findings) else None
        return self._render(View(view.findings, shown), "")

    def _ask_merge(self, view: View, number: int) -> Updates:
        questions = [question for _, question in mergers(self._service, view.shown)]
        return self._render(view, "", questions[number] if questions else None)

    def _ask_reembed(self, view: View, *_: object) -> Updates:
        return self._render(view, "", reembedding(self._service, view.shown))

    def _ask_remove(self, view: View, _: object, picture: str | None) -> Updates:
        asked = ask_remove_picture(self._service, picture)
        if not asked.done:
            return self._render(view, asked.html)
        view = View(view.findings, view.shown, picture)
        return self._render(view, "", self._undo.question(asked, picture))

    def _do(
        self,
        view: View,
        question: Question | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio's way
    ) -> Updates:
        """What was asked about, after a yes."""
        if question is None or view.shown is None:
            return self._render(view, "")
        answer = question.do(lambda done, total: progress((done, total), unit=text.PICTURE_UNIT))
        if answer.done:
            view = View(without(view.findings, view.shown, view.picture))
        return self._render(view, answer.html)
