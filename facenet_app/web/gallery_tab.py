"""The tab Gallery: a list of people, one of them in full, and renaming, merging and removing.

Every event does one thing and then renders the whole tab from the gallery, so what is shown is
always what is stored.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.blocks import Block

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.components import PRIVATE
from facenet_app.web.people import ask_merge, ask_remove, list_people, remove, rename, show

__all__ = ["GalleryTab"]

Updates = dict[Block, Any]


class GalleryTab:
    """The components of the tab and what happens on a click. Made inside a ``gr.Blocks``."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        with gr.Tab(text.GALLERY_TAB, id="gallery") as self.tab, gr.Row():
            with gr.Column(scale=2, min_width=300):
                self.find = gr.Textbox(label=text.FIND, max_lines=1, elem_id="gallery-find")
                self.note = gr.HTML()
                self.chosen = gr.Radio(
                    [], label=text.PEOPLE, visible=False, elem_id="gallery-people", elem_classes="fa-people"
                )
            with gr.Column(scale=3, min_width=300):
                self.news = gr.HTML(elem_id="gallery-news")
                self.person = gr.HTML(elem_id="gallery-person")
                with gr.Column(visible=False) as self.actions:
                    self._change_controls()
        self._wire()

    def _change_controls(self) -> None:
        self.new_name = gr.Textbox(label=text.NEW_NAME, max_lines=1, elem_id="gallery-new-name")
        with gr.Row():
            self.rename = gr.Button(text.RENAME, min_width=120)
            self.remove = gr.Button(text.REMOVE, variant="stop", min_width=120)
        with gr.Column(visible=False, elem_classes="fa-ask") as self.merge_panel:
            self.merge_question = gr.HTML()
            with gr.Row():
                self.merge = gr.Button(text.MERGE_YES, variant="primary", min_width=120)
                self.keep_apart = gr.Button(text.CANCEL, min_width=120)
        with gr.Column(visible=False, elem_classes="fa-ask") as self.remove_panel:
            self.remove_question = gr.HTML()
            with gr.Row():
                self.remove_yes = gr.Button(text.REMOVE_YES, variant="stop", min_width=120)
                self.keep = gr.Button(text.CANCEL, min_width=120)

    def _wire(self) -> None:
        outputs = {
            self.note,
            self.chosen,
            self.news,
            self.person,
            self.actions,
            self.new_name,
            self.merge_panel,
            self.merge_question,
            self.remove_panel,
            self.remove_question,
        }
        answers: tuple[tuple[list[Any], Callable[..., Updates]], ...] = (
            ([self.tab.select, self.find.change, self.chosen.input], self._render),
            ([self.keep.click, self.keep_apart.click], self._render),
            ([self.rename.click, self.new_name.submit], self._rename),
            ([self.merge.click], self._merge),
            ([self.remove.click], self._ask_remove),
            ([self.remove_yes.click], self._remove),
        )
        for events, answer in answers:
            gr.on(
                events,
                answer,
                [self.find, self.chosen, self.new_name],
                outputs,
                show_progress="hidden",
                trigger_mode="always_last",
                **PRIVATE,
            )
        # The question names the name that was typed then; with another one it is out of date. The browser
        # does this by itself: through the server's queue it could arrive after the next question.
        hide = "() => ({__type__: 'update', visible: false})"
        self.new_name.change(None, None, self.merge_panel, js=hide, **PRIVATE)

    def _render(
        self, find: str, name: str | None, new: str = "", *, news: str = "", merge: str = "", remove: str = ""
    ) -> Updates:
        """The whole tab: the list, the person chosen, and at most one question."""
        listing = list_people(self._service, find)
        there = any(name == listed for _, listed in listing.people)
        person = show(self._service, name if there else None)
        return {
            self.note: listing.html,
            self.chosen: gr.Radio(
                choices=list(listing.people), value=name if there else None, visible=bool(listing.people)
            ),
            self.news: news,
            self.person: person.html,
            self.actions: gr.Column(visible=person.done),
            self.new_name: new if there else "",
            self.merge_panel: gr.Column(visible=bool(merge)),
            self.merge_question: merge,
            self.remove_panel: gr.Column(visible=bool(remove)),
            self.remove_question: remove,
        }

    def _rename(self, find: str, name: str | None, new: str) -> Updates:
        answer = rename(self._service, name, new)
        if answer.name_taken:
            return self._render(find, name, new, merge=ask_merge(self._service, name, new).html)
        if not answer.done:
            return self._render(find, name, new, news=answer.html)
        return self._render(find, answer.name, news=answer.html)

    def _merge(self, find: str, name: str | None, new: str) -> Updates:
        answer = rename(self._service, name, new, merge=True)
        return self._render(find, answer.name, news=answer.html)

    def _ask_remove(self, find: str, name: str | None, new: str) -> Updates:
        answer = ask_remove(self._service, name)
        if not answer.done:
            return self._render(find, name, news=answer.html)
        return self._render(find, name, new, remove=answer.html)

    def _remove(self, find: str, name: str | None, _new: str) -> Updates:
        return self._render(find, None, news=remove(self._service, name).html)
