"""The part of the tab Models that shows training runs."""

from typing import Any

import gradio as gr

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.components import PRIVATE
from facenet_app.web.runs import last_written, run_names, show_run

__all__ = ["runs_panel"]

EVERY = 5.0
"""Seconds after which a run that is shown is looked at again."""


def runs_panel(service: FaceService) -> None:
    """A choice of runs, and the curves of one, which follow it."""

    def opened(chosen: str | None) -> list[Any]:
        names = run_names(service)
        name = chosen if chosen in names else next(iter(names), None)
        return [
            gr.Dropdown(choices=names, value=name, visible=bool(names)),
            show_run(service, name).html,
            last_written(service, name),
            gr.Timer(active=name is not None),
        ]

    def choose(name: str | None) -> list[Any]:
        return [show_run(service, name).html, last_written(service, name)]

    def follow(name: str | None, drawn: float) -> list[Any]:
        # Drawing takes a second: only for what is new.
        return choose(name) if last_written(service, name) != drawn else [gr.skip(), gr.skip()]

    with gr.Accordion(text.RUNS, open=False, elem_id="runs") as panel:
        gr.Markdown(text.RUNS_INTRO)
        chosen = gr.Dropdown([], label=text.RUN, visible=False, elem_id="runs-chosen")
        shown = gr.HTML(elem_id="runs-shown")
        drawn = gr.State(0.0)
        timer = gr.Timer(EVERY, active=False)
    panel.expand(opened, chosen, [chosen, shown, drawn, timer], show_progress="hidden", **PRIVATE)
    panel.collapse(lambda: gr.Timer(active=False), None, timer, show_progress="hidden", **PRIVATE)
    chosen.input(choose, chosen, [shown, drawn], show_progress="hidden", **PRIVATE)
    timer.tick(follow, [chosen, drawn], [shown, drawn], show_progress="hidden", **PRIVATE)
