"""A place for one photo."""

from typing import Literal

import gradio as gr
from gradio.data_classes import ImageData

from facenet_app.web.components import HEIGHT

__all__ = ["Source", "photo_input"]

Source = Literal["upload", "clipboard", "webcam"]


def photo_input(label: str, name: str, *sources: Source) -> gr.Image:
    """A place for one photo: a file, the clipboard or the camera. Its value is the upload's path."""
    image = gr.Image(
        label=label,
        sources=list(sources or ("upload", "clipboard", "webcam")),
        type="filepath",
        image_mode=None,
        height=HEIGHT,
        buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False),
        elem_id=name,
        alt_text=label,
    )
    # Gradio's own method opens the file with Pillow first and fails on what only our decoder explains.
    # A subclass would do as well, but Gradio writes a .pyi file into the package for each one.
    image.preprocess = _uploaded_path  # type: ignore[method-assign]
    return image


def _uploaded_path(payload: ImageData | None) -> str | None:
    return payload.path if payload else None
