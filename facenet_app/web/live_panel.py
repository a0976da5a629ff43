"""The part of the tab Identify for a running camera."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from facenet_app.imaging.decode import ImageSource
from facenet_app.service import FaceService
from facenet_app.video.agreement import Seen
from facenet_app.web import text
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.live import begin_watching, watch
from facenet_app.web.rates import chosen_rate

__all__ = ["as_sent", "live_panel"]

EVERY = 0.2
"""Seconds between pictures at most: while one is looked at, the browser's newer ones replace each other, so
a slow machine sees fewer of them and never lags behind."""
LONGEST = 1800.0
"""Seconds after which a camera that was forgotten is no longer looked at."""
AT_ONCE = 2
"""Cameras at a time."""


def live_panel(service: FaceService, rate: gr.Radio) -> None:
    """The camera and who is before it; ``rate`` is that of the tab."""

    def look(picture: ImageSource | None, seen: Seen, chosen: str | None) -> list[Any]:
        if picture is None:
            return ["", Seen()]
        fpir = chosen_rate(chosen)
        if seen.pictures:
            answer = watch(service, picture, seen, fpir)
        else:
            answer = begin_watching(service, picture, fpir)
        return [answer.html, seen.after(answer.matched)]

    with gr.Accordion(text.LIVE, open=False, elem_id="live"):
        gr.HTML(f'<p class="fa-intro">{text.LIVE_INTRO}</p>')
        camera = gr.Image(
            label=text.CAMERA,
            sources=["webcam"],
            streaming=True,
            type="filepath",
            height=HEIGHT,
            buttons=[],
            webcam_options=gr.WebcamOptions(mirror=False),
            elem_id="live-camera",
        )
        # Gradio's own method decodes whatever Pillow knows, however many pixels it has.
        camera.preprocess = as_sent  # type: ignore[assignment, method-assign]
        result = gr.HTML(elem_id="live-result")
        seen = gr.State(Seen())
    camera.stream(
        look,
        [camera, seen, rate],
        [result, seen],
        stream_every=EVERY,
        time_limit=LONGEST,
        concurrency_limit=AT_ONCE,
        show_progress="hidden",
        **PRIVATE,
    )


def as_sent(payload: ImageData | None) -> Path | bytes | None:
    """The picture of an event, not decoded: an upload, or the bytes of a data URL."""
    if payload is None:
        return None
    if payload.path is not None:
        return Path(payload.path)
    return b64decode((payload.url or "").partition(",")[2])
