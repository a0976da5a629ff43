"""The tab Models: components, and which handler answers to what."""

from pathlib import Path
from typing import Any

import gradio as gr

from facenet_app.access.scope import Scope
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.models import card, in_use, measure, model_choices, use_points
from facenet_app.web.rates import search_rates, verification_rates
from facenet_app.web.runs_panel import runs_panel
from facenet_app.web.visitor import may

__all__ = ["models_tab"]


def models_tab(service: FaceService, rates: tuple[gr.Radio, gr.Radio]) -> None:
    """What is in use, the cards, and measuring on pictures of one's own.

    ``rates`` are the choices of error rates in the tabs Verify and Identify, which offer what is measured.
    """

    def show_card(model: str) -> str:
        return card(service, model).markdown

    def run(upload: str | None, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008 - Gradio's way
        def tell(done: int, total: int | None) -> None:
            progress((done, total), unit=text.FACE_UNIT)

        answer = measure(service, Path(upload) if upload else None, tell)
        return [answer.html, answer.points, gr.Button(visible=bool(answer.points) and may(Scope.ADMIN))]

    def use(points: tuple[Any, ...]) -> list[Any]:
        answer = use_points(service, points)
        first, second = verification_rates(service), search_rates(service)
        return [
            answer.html,
            in_use(service),
            gr.Radio(list(first.choices), value=first.default if first.any else None, visible=first.any),
            gr.Radio(list(second.choices), value=second.default if second.any else None, visible=second.any),
        ]

    choices = model_choices(service)
    with gr.Tab(text.MODELS_TAB, id="models"):
        gr.HTML(f'<p class="fa-intro">{text.MODELS_INTRO}</p>')
        used = gr.HTML(in_use(service), elem_id="models-in-use")
        gr.HTML(f'<h3>{text.MEASURE}</h3><p class="fa-intro">{text.MEASURE_INTRO}</p>')
        upload = gr.File(label=text.ZIP, file_types=[".zip"], height=HEIGHT // 2, elem_id="models-zip")
        button = gr.Button(text.MEASURE_BUTTON, variant="primary", elem_id="models-measure")
        result = gr.HTML(elem_id="models-result")
        points = gr.State(())
        apply = gr.Button(text.USE_POINTS, visible=False, elem_id="models-use")
        kept = gr.HTML(elem_id="models-kept")
        runs_panel(service)
        chosen = gr.Dropdown(
            choices, value=service.extractor.model, label=text.MODEL, elem_id="models-card-of"
        )
        words = gr.Markdown(show_card(service.extractor.model), elem_id="models-card", elem_classes="fa-card")
    chosen.change(show_card, chosen, words, show_progress="hidden", **PRIVATE)
    button.click(run, upload, [result, points, apply], show_progress_on=result, **PRIVATE)
    apply.click(use, points, [kept, used, *rates], show_progress="hidden", **PRIVATE)
