"""The part of the tab Identify for a video file."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
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
    stops: dict[str | None, Event] = {}
    """Of each page that has a video looked through."""

    def run(upload: str | None, speed: float, chosen: str | None, request: gr.Request) -> Iterator[list[Any]]:
        stops[request.session_hash] = stopped = Event()
        try:
            yield _outputs("", busy=True)
            path = Path(upload) if upload else None
            for answer in identify_in_video(service, path, speed, chosen_rate(chosen)):
                over = bool(answer.files) or not answer.done
                if stopped.is_set() and not over:
                    yield _outputs(message(text.VIDEO_STOPPED), busy=False)
                    return
                yield _outputs(answer.html, answer.files, busy=not over)
        finally:
            del stops[request.session_hash]

    def ask_to_stop(request: gr.Request) -> None:
        if found := stops.get(request.session_hash):
            found.set()

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
    start.click(
        run,
        [upload, speed, rate],
        outputs,
        show_progress="hidden",  # it has its own
        concurrency_limit=AT_ONCE,
        # With "once" a click right after a stop is lost: the event ends a moment after its last answer.
        trigger_mode="multiple",
        **PRIVATE,
    )
    # Not by Gradio's "cancels": that may come after this event's answer, and progress is shown for ever.
    stop.click(ask_to_stop, None, None, **PRIVATE)


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
