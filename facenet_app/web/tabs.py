"""The tabs Verify and Identify: components, and which handler answers to what."""

from pathlib import Path
from typing import Any

import gradio as gr

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.batch_panel import batch_panel
from facenet_app.web.components import PRIVATE
from facenet_app.web.examples import Examples
from facenet_app.web.handlers import identify, verify
from facenet_app.web.live_panel import live_panel
from facenet_app.web.photo_input import photo_input
from facenet_app.web.rates import RateChoices, chosen_rate, search_rates, verification_rates
from facenet_app.web.video_panel import video_panel

__all__ = ["identify_tab", "verify_tab"]


def _path(uploaded: str | None) -> Path | None:
    return Path(uploaded) if uploaded else None


def rate_input(rates: RateChoices, label: str, hint: str, name: str) -> gr.Radio:
    """The error rates to choose from; hidden where there is only one."""
    return gr.Radio(
        list(rates.choices),
        value=rates.default if rates.any else None,
        label=label,
        info=hint,
        visible=rates.any,
        elem_id=name,
    )


def verify_tab(service: FaceService, examples: Examples) -> gr.Radio:
    """Two photos, the error rate, a button, two examples, and the answer; gives the error rates."""

    def compare(
        probe: str | None, reference: str | None, rate: str | None, first: int | None, second: int | None
    ) -> list[Any]:
        answer = verify(service, _path(probe), _path(reference), chosen_rate(rate), (first, second))
        return [answer.html, *(_face_choice(*each) for each in answer.faces or ((None, 0), (None, 0)))]

    with gr.Tab(text.VERIFY_TAB, id="verify"):
        gr.HTML(f'<p class="fa-intro">{text.VERIFY_INTRO}</p>')
        with gr.Row():
            photos = [photo_input(text.PROBE, "probe"), photo_input(text.REFERENCE, "reference")]
        hint = text.RATE_HINT if service.settings.review is None else text.RATE_HINT_REVIEW
        rate = rate_input(verification_rates(service), text.RATE, hint, "verify-rate")
        with gr.Row():
            faces = [
                gr.Radio([], label=label, info=text.FACE_HINT, visible=False, elem_id=name)
                for label, name in ((text.PROBE_FACE, "probe-face"), (text.REFERENCE_FACE, "reference-face"))
            ]
        button = gr.Button(text.COMPARE, variant="primary", size="lg", elem_id="compare")
        gr.HTML(f'<p class="fa-intro">{text.EXAMPLES}</p>')
        with gr.Row():
            same = gr.Button(text.EXAMPLE_SAME, size="sm", min_width=140)
            different = gr.Button(text.EXAMPLE_DIFFERENT, size="sm", min_width=140)
        result = gr.HTML(elem_id="verify-result")
        batch_panel(service, rate)
    inputs, outputs = [*photos, rate, *faces], [result, *faces]
    button.click(compare, inputs, outputs, scroll_to_output=True, **PRIVATE)
    gr.on([face.input for face in faces], compare, inputs, outputs, show_progress_on=result, **PRIVATE)
    for example, pair in ((same, examples.same), (different, examples.different)):
        paths = [str(path) for path in pair]
        example.click(
            # Within the event: a component that is made outside of one would become part of the page.
            lambda paths=paths: [*paths, *(_face_choice(None, 0) for _ in paths)],
            None,
            [*photos, *faces],
            show_progress="hidden",
            **PRIVATE,
        ).then(compare, inputs, outputs, scroll_to_output=True, **PRIVATE)
    _forget_when_changed(photos, rate, result)
    _forget_faces(photos, faces)
    return rate


def _face_choice(used: int | None, found: int) -> gr.Radio:
    """Which face of a photo is used; nothing to choose from where there is one."""
    several = found > 1
    return gr.Radio(
        choices=list(range(1, found + 1)) if several else [], value=used if several else None, visible=several
    )


def _forget_faces(photos: list[gr.Image], faces: list[gr.Radio]) -> None:
    """The number of a face says nothing about another photo; see :func:`_forget_when_changed`."""
    hide = "() => ({__type__: 'update', visible: false, value: null})"
    for photo, face in zip(photos, faces, strict=True):
        gr.on([photo.input, photo.upload, photo.clear], None, None, face, js=hide, **PRIVATE)


def _forget_when_changed(photos: list[gr.Image], rate: gr.Radio, result: gr.HTML) -> None:
    """An answer about photos that are no longer there, or at another error rate, would mislead.

    The browser does this by itself: on the way through the server's queue it could overtake, and so
    wipe, the answer of a button that was pressed right after.
    """
    events = [event for photo in photos for event in (photo.input, photo.upload, photo.clear)]
    gr.on([*events, rate.input], None, None, result, js="() => ''", **PRIVATE)


def identify_tab(service: FaceService) -> gr.Radio:
    """One photo, a button, and who is in it; gives the error rates."""

    def answer(photo: str | None, rate: str | None) -> str:
        return identify(service, _path(photo), chosen_rate(rate)).html

    with gr.Tab(text.IDENTIFY_TAB, id="identify"):
        gr.HTML(f'<p class="fa-intro">{text.IDENTIFY_INTRO}</p>')
        photo = photo_input(text.PHOTO, "identify-photo")
        rate = rate_input(search_rates(service), text.SEARCH_RATE, text.SEARCH_RATE_HINT, "identify-rate")
        button = gr.Button(text.IDENTIFY, variant="primary", size="lg", elem_id="identify-button")
        result = gr.HTML(elem_id="identify-result")
        live_panel(service, rate)
        video_panel(service, rate)
    button.click(answer, [photo, rate], result, scroll_to_output=True, **PRIVATE)
    _forget_when_changed([photo], rate, result)
    return rate
