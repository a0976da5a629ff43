"""Who the audit trail says changed the gallery on the page."""

import gradio as gr
import pytest

from facenet_app.gallery.actor import current_author
from facenet_app.web.actor import acting_for


@pytest.mark.parametrize(("username", "expected"), [("ada", "user:ada"), (None, None), ("", None)])
def test_whoever_is_logged_in_acts(username: str | None, expected: str | None) -> None:
    outside = current_author().name
    with acting_for(gr.Request(username=username)):
        assert current_author().name == (expected or outside)
    assert current_author().name == outside
