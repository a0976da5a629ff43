"""Two buttons that turn the pages of a list."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from facenet_app.web import text

__all__ = ["Pager"]


class Pager:
    """Made inside a ``gr.Blocks``; hidden where one page is all.

    Args:
        name: of the list, for the buttons' ids.
        size: how many are on a page.
    """

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        with gr.Row(visible=False) as self.row:
            self.previous = gr.Button(text.PREVIOUS, size="sm", min_width=100, elem_id=f"{name}-previous")
            self.next = gr.Button(text.NEXT, size="sm", min_width=100, elem_id=f"{name}-next")

    def turned(self, start: int, pages: int) -> int:
        """The place of the first one on the page that is ``pages`` after the one that begins at ``start``."""
        return max(0, start + pages * self._size)

    @property
    def outputs(self) -> list[Block]:
        """Every component that :meth:`shown` updates."""
        return [self.row, self.previous, self.next]

    def shown(self, start: int, total: int) -> dict[Block, Any]:
        """Updates for a page that begins at ``start`` of ``total``."""
        return {
            self.row: gr.Row(visible=total > self._size),
            self.previous: gr.Button(interactive=start > 0),
            self.next: gr.Button(interactive=start + self._size < total),
        }
