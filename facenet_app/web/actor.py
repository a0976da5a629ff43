"""On whose behalf the page changes the gallery."""

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from facenet_app.gallery.actor import acting_as

__all__ = ["acting_for"]


@contextmanager
def acting_for(request: gr.Request) -> Iterator[None]:
    """For the audit trail: who is logged in; where nobody has to be, who runs the server."""
    if request.username:
        with acting_as(f"user:{request.username}"):
            yield
    else:
        yield
