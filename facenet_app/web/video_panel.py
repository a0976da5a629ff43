"""The part of the tab Identify for a video file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import gradio as gr

from facenet_app.imaging.video import VIDEO_SUFFIXES
from facenet_app.service import FaceService
from facenet_app.video.identify import RATE
from facenet_app.web import text
from facenet_app.web.answer import message
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.rates import chosen_rate
from facenet_app.web.video import identify_in_video

__all__ = ["video_panel"]

RATES: Final = (2.0, RATE, 10.0)
AT_ONCE: Final = 1
"""Videos at a time, whoever they are from; others wait."""


def video_panel(service: FaceService, rate: gr.Radio) -> None:
    """A file, a button, progress, and the answer; ``rate`` is the error rate of the tab."""

    def run(upload: str | None, speed: float, chosen: str | None) -> Iterator[list[Any]]:
        yield _outputs("", busy=True)
        path = Path(upload) if upload else None
        for answer in identify_in_video(service, path, speed, chosen_rate(chosen)):
            over = bool(answer.files) or not answer.done
            yield _outputs(answer.html, answer.files, busy=not over)

    with gr.Accordion(text.VIDEO, open=False, elem_id="video"):
        gr.HTML(f'<p class="fa-intro">{text.VIDEO_INTRO}</p>')
        upload = gr.File(
            label=text.VIDEO_FILE, file_types=list(VIDEO_SUFFIXES), height=HEIGHT // 2, elem_id="video-file"
        )
        speed = gr.Radio(
            [(f"{each:g}", each) for each in RATES], value=RATE, label=text.VIDEO_RATE, elem_id="video-rate"
        )
        with gr.Row():
            start = gr.Button(text.VIDEO_START, elem_id="video-start")
            stop = gr.Button(text.VIDEO_STOP, variant="stop", interactive=False, elem_id="video-stop")
        result = gr.HTML(elem_id="video-result")
        annotated = gr.Video(
            label=text.VIDEO_ANNOTATED, visible=False, buttons=["download"], elem_id="video-annotated"
        )
        with gr.Row():
            table = gr.DownloadButton(text.VIDEO_CSV, visible=False, elem_id="video-csv")
            document = gr.DownloadButton(text.VIDEO_JSON, visible=False, elem_id="video-json")
    outputs = [result, annotated, table, document, start, stop]
    running = start.click(
        run,
        [upload, speed, rate],
        outputs,
        show_progress="hidden",  # it has its own
        concurrency_limit=AT_ONCE,
        # With "once" a click right after a stop is lost: Gradio still waits for the end of what was stopped.
        trigger_mode="multiple",
        **PRIVATE,
    )
    stop.click(
        lambda: _outputs(message(text.VIDEO_STOPPED), busy=False), None, outputs, cancels=[running], **PRIVATE
    )


def _outputs(html: str, files: tuple[Path, ...] = (), *, busy: bool) -> list[Any]:
    annotated, table, document = (str(path) for path in files) if files else (None,) * 3
    return [
        html,
        gr.Video(value=annotated, visible=bool(files)),
        gr.DownloadButton(value=table, visible=bool(files)),
        gr.DownloadButton(value=document, visible=bool(files)),
        gr.Button(interactive=not busy),
        gr.Button(interactive=busy),
    ]
