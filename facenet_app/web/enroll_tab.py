"""The tab Enroll: components, and which handler answers to what."""

from pathlib import Path
from typing import Any

import gradio as gr

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.enroll_zip import enroll_zip
from facenet_app.web.handlers import enroll
from facenet_app.web.photo_input import photo_input

__all__ = ["enroll_tab"]


def enroll_tab(service: FaceService) -> None:
    """A name, photos, what was agreed to, a button, and what became of them; many people at once."""

    def answer(name: str, files: list[str] | None, shot: str | None, note: str, until: str) -> list[Any]:
        uploads = [Path(upload) for upload in (*(files or ()), *((shot,) if shot else ()))]
        outcome = enroll(service, name, uploads, (note, until))
        # What was stored is cleared, so that the next person does not get these photos.
        inputs = ["", None, None, "", ""] if outcome.done else [gr.skip()] * 5
        return [outcome.html, *inputs]

    with gr.Tab(text.ENROLL_TAB, id="enroll"):
        gr.HTML(f'<p class="fa-intro">{text.ENROLL_INTRO}</p>')
        name = gr.Textbox(label=text.NAME, placeholder=text.NAME_HINT, max_lines=1, elem_id="enroll-name")
        with gr.Row(equal_height=True):
            files = gr.File(
                label=text.PHOTOS,
                file_count="multiple",
                file_types=["image"],
                height=HEIGHT,
                elem_id="enroll-files",
            )
            shot = photo_input(text.SHOT, "enroll-shot", "webcam", "clipboard")
        with gr.Row():
            note = gr.Textbox(
                label=text.CONSENT, placeholder=text.CONSENT_HINT, max_lines=1, elem_id="enroll-consent"
            )
            until = gr.Textbox(
                label=text.UNTIL, placeholder=text.UNTIL_HINT, max_lines=1, elem_id="enroll-until"
            )
        button = gr.Button(text.ENROLL, variant="primary", size="lg", elem_id="enroll-button")
        result = gr.HTML(elem_id="enroll-result")
        _many(service)
    inputs = [name, files, shot, note, until]
    gr.on(
        [button.click, name.submit],
        answer,
        inputs,
        [result, *inputs],
        scroll_to_output=True,
        show_progress_on=result,
        **PRIVATE,
    )


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
