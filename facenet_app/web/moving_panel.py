"""The part of the tab Gallery for archives: saving everybody in one, and bringing one in."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from facenet_app.gallery.merge import OnConflict
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.moving import export_archive, import_archive, kept_archives, look_into_archive
from facenet_app.web.question import Question, QuestionPanel

__all__ = ["moving_panel"]


def moving_panel(service: FaceService) -> gr.events.Dependency:
    """Export and import; gives the event after which the gallery may hold others."""
    with gr.Accordion(text.MOVING, open=False, elem_id="gallery-moving"):
        gr.HTML(f'<p class="fa-intro">{text.EXPORT_INTRO}</p>')
        with gr.Row():
            make = gr.Button(text.EXPORT, min_width=120, elem_id="gallery-export")
            save = gr.DownloadButton(text.SAVE_ARCHIVE, visible=False, min_width=120, elem_id="gallery-save")
        exported = gr.HTML(elem_id="gallery-exported")
        gr.HTML(f'<p class="fa-intro">{text.IMPORT_INTRO}</p>')
        upload = gr.File(
            label=text.ARCHIVE_FILE, file_types=[".zip"], height=HEIGHT // 2, elem_id="gallery-archive"
        )
        choices = [(text.IMPORT_RULES[rule.value], rule.value) for rule in OnConflict]
        rule = gr.Radio(choices, value=OnConflict.SKIP.value, label=text.IMPORT_RULE, elem_id="gallery-rule")
        look = gr.Button(text.LOOK_INTO_ARCHIVE, elem_id="gallery-look")
        result = gr.HTML(elem_id="gallery-imported")
        question = QuestionPanel("gallery-import")

    def write(progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008 - Gradio's way
        answer = export_archive(service, archives, Path(get_upload_folder()), _telling(progress))
        return [answer.html, gr.DownloadButton(value=answer.file, visible=answer.file is not None)]

    def ask(file: str | None, chosen: str, progress: gr.Progress = gr.Progress()) -> dict[Any, Any]:  # noqa: B008
        archive = Path(file) if file else None
        answer = look_into_archive(service, archive, chosen, _telling(progress))
        asked = None
        if archive is not None and answer.total:
            bring = partial(import_archive, service, archive, chosen)
            asked = Question(text.ASK_IMPORT, text.IMPORT_YES, bring, danger=chosen == OnConflict.REPLACE)
        return {result: answer.html, **question.ask(asked)}

    def bring(asked: Question | None, progress: gr.Progress = gr.Progress()) -> dict[Any, Any]:  # noqa: B008
        answer = asked.do(_telling(progress)) if asked else None
        if answer is None:
            return {result: "", upload: gr.skip(), **question.ask(None)}
        return {result: answer.html, upload: None if answer.done else gr.skip(), **question.ask(None)}

    archives = kept_archives()
    make.click(write, None, [exported, save], show_progress_on=exported, **PRIVATE)
    look.click(ask, [upload, rule], [*question.outputs, result], show_progress_on=result, **PRIVATE)
    question.hide_when(upload.change, rule.input)
    return question.yes.click(
        bring, question.asked, [*question.outputs, result, upload], show_progress_on=result, **PRIVATE
    )


def _telling(progress: gr.Progress) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        progress((done, total), unit=text.PICTURE_UNIT)

    return tell
