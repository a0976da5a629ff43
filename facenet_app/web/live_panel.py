"""The part of the tab Identify for a running camera."""

from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from facenet_app.service import FaceService
from facenet_app.video.agreement import Seen
from facenet_app.web import text
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.live import begin_watching, watch
from facenet_app.web.rates import chosen_rate

__all__ = ["live_panel"]

EVERY = 0.2
"""Seconds between pictures at most: while one is looked at, the browser's newer ones replace each other, so
a slow machine sees fewer of them and never lags behind."""
LONGEST = 1800.0
"""Seconds after which a camera that was forgotten is no longer looked at."""
AT_ONCE = 2
"""Cameras at a time."""


def live_panel(service: FaceService, rate: gr.Radio) -> None:
    """The camera and who is before it; ``rate`` is that of the tab."""

    def look(pixels: NDArray[np.uint8] | None, seen: Seen, chosen: str | None) -> list[Any]:
        if pixels is None:
            return ["", Seen()]
        fpir = chosen_rate(chosen)
        if seen.pictures:
            answer = watch(service, pixels, seen, fpir)
        else:
            answer = begin_watching(service, pixels, fpir)
        return [answer.html, seen.after(answer.matched)]

    with gr.Accordion(text.LIVE, open=False, elem_id="live"):
        gr.HTML(f'<p class="fa-intro">{text.LIVE_INTRO}</p>')
        camera = gr.Image(
            label=text.CAMERA,
            sources=["webcam"],
            streaming=True,
            type="numpy",
            height=HEIGHT,
            buttons=[],
            webcam_options=gr.WebcamOptions(mirror=False),
            elem_id="live-camera",
        )
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
