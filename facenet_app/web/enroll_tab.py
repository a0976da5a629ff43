"""The tab Enroll: components, and which handler answers to what."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.enroll_preview import preview_photos
from facenet_app.web.enroll_zip import enroll_zip
from facenet_app.web.handlers import enroll
from facenet_app.web.photo_input import photo_input

__all__ = ["enroll_tab"]


def enroll_tab(service: FaceService) -> None:
    """A name, photos, what was agreed to, a button, and what became of them; many people at once."""
    with gr.Tab(text.ENROLL_TAB, id="enroll"):
        gr.HTML(f'<p class="fa-intro">{text.ENROLL_INTRO}</p>')
        _OnePerson(service)
        _many(service)


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether refused photos shall be stored all the same."""

    panel: gr.Column
    words: gr.HTML
    yes: gr.Button
    no: gr.Button


class _OnePerson:
    """The components for one person. Photos that the gate refuses stay, so that they can be stored anyway."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self.name = gr.Textbox(
            "", label=text.NAME, placeholder=text.NAME_HINT, max_lines=1, elem_id="enroll-name"
        )
        with gr.Row(equal_height=True):
            self.files = gr.File(
                label=text.PHOTOS,
                file_count="multiple",
                file_types=["image"],
                height=HEIGHT,
                elem_id="enroll-files",
            )
            self.shot = photo_input(text.SHOT, "enroll-shot", "webcam", "clipboard")
        self.preview = gr.HTML(elem_id="enroll-preview")
        with gr.Row():
            self.note = gr.Textbox(
                "", label=text.CONSENT, placeholder=text.CONSENT_HINT, max_lines=1, elem_id="enroll-consent"
            )
            self.until = gr.Textbox(
                "", label=text.UNTIL, placeholder=text.UNTIL_HINT, max_lines=1, elem_id="enroll-until"
            )
        self.button = gr.Button(text.ENROLL, variant="primary", size="lg", elem_id="enroll-button")
        self.question = _question()
        self.result = gr.HTML(elem_id="enroll-result")
        self._wire()

    def _wire(self) -> None:
        inputs = [self.name, self.files, self.note, self.until]
        outputs = [self.result, *inputs, self.question.panel, self.question.words]
        for events, answer in (
            ([self.button.click, self.name.submit], self._enroll),
            ([self.question.yes.click], self._enroll_anyway),
        ):
            gr.on(
                events,
                answer,
                inputs,
                outputs,
                scroll_to_output=True,
                show_progress_on=self.result,
                **PRIVATE,
            )
        hide = "() => ({__type__: 'update', visible: false})"
        gr.on(
            [self.question.no.click, self.name.input, self.files.upload, self.files.clear, self.files.delete],
            None,
            None,
            self.question.panel,
            js=hide,
            **PRIVATE,
        )
        # A shot joins the other photos, and the camera is ready for the next one.
        self.shot.input(
            lambda files, shot: [[*(files or ()), shot], None] if shot else [gr.skip(), gr.skip()],
            [self.files, self.shot],
            [self.files, self.shot],
            show_progress="hidden",
            **PRIVATE,
        )
        gr.on(
            [self.files.change, self.name.blur],
            self._preview,
            [self.name, self.files],
            self.preview,
            show_progress_on=self.preview,
            trigger_mode="always_last",
            **PRIVATE,
        )

    def _preview(self, name: str, files: list[str] | None) -> str:
        return preview_photos(self._service, name, _paths(files)).html

    def _enroll(self, name: str, files: list[str] | None, note: str, until: str) -> list[Any]:
        return _outputs(enroll(self._service, name, _paths(files), (note, until)))

    def _enroll_anyway(self, name: str, files: list[str] | None, note: str, until: str) -> list[Any]:
        return _outputs(enroll(self._service, name, _paths(files), (note, until), anyway=True))


def _question() -> _Question:
    with gr.Column(visible=False, elem_classes="fa-ask", elem_id="enroll-question") as panel:
        words = gr.HTML()
        with gr.Row():
            yes = gr.Button(text.ANYWAY, variant="stop", min_width=120)
            no = gr.Button(text.CANCEL, min_width=120)
    return _Question(panel, words, yes, no)


def _paths(files: list[str] | None) -> list[Path]:
    """Each file once: the same picture given twice is one upload."""
    return [Path(file) for file in dict.fromkeys(files or ())]


def _outputs(answer: Answer) -> list[Any]:
    """What became of it; what was stored is cleared, so that the next person does not get these photos."""
    left = [str(path) for path in answer.files]
    if left:
        inputs = [gr.skip(), left, gr.skip(), gr.skip()]
    else:
        inputs = ["", None, "", ""] if answer.done else [gr.skip()] * 4
    question = text.ask_anyway(count=len(left)) if left else ""
    return [answer.html, *inputs, gr.Column(visible=bool(left)), question]


def _many(service: FaceService) -> None:
    """A ZIP file with a folder of pictures for each person."""

    def run(upload: str | None, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008 - Gradio's way
        def tell(done: int, total: int) -> None:
            progress((done, total), unit=text.PICTURE_UNIT)

        answer = enroll_zip(service, Path(upload) if upload else None, tell)
        return [answer.html, None if answer.done else gr.skip()]

    with gr.Accordion(text.ENROLL_MANY, open=False, elem_id="enroll-many"):
        gr.HTML(f'<p class="fa-intro">{text.ENROLL_MANY_INTRO}</p>')
        upload = gr.File(label=text.ZIP, file_types=[".zip"], height=HEIGHT // 2, elem_id="enroll-zip")
        button = gr.Button(text.ENROLL_ALL, elem_id="enroll-all")
        result = gr.HTML(elem_id="enroll-many-result")
    button.click(run, upload, [result, upload], show_progress_on=result, **PRIVATE)
