"""The tab Gallery: people by the page, one of them in full, and renaming, merging, removing and undoing.

Every event does one thing and then renders list and person from the gallery, so what is shown is
always what is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block

from facenet_app.access.scope import Scope
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer
from facenet_app.web.components import PRIVATE
from facenet_app.web.doctor_panel import DoctorPanel
from facenet_app.web.moving_panel import moving_panel
from facenet_app.web.pager import Pager
from facenet_app.web.people import (
    PEOPLE_SHOWN,
    PICTURES_SHOWN,
    ask_merge,
    ask_remove,
    ask_remove_picture,
    list_people,
    rename,
    show,
)
from facenet_app.web.question import Question, QuestionPanel
from facenet_app.web.undo_panel import UndoPanel
from facenet_app.web.visitor import may

__all__ = ["GalleryTab"]

Updates = dict[Block, Any]


@dataclass(frozen=True, slots=True)
class View:
    """Where a visitor is: the place of the first person in the list, who is shown, from which picture on, and
    what was looked for.
    """

    start: int = 0
    name: str | None = None
    pictures: int = 0
    find: str = ""


class GalleryTab:
    """The components of the tab and what happens on a click. Made inside a ``gr.Blocks``."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        with gr.Tab(text.GALLERY_TAB, id="gallery") as self.tab:
            self.view = gr.State(View())  # outside of the tab, Gradio would take it for another one
            with gr.Row():
                with gr.Column(scale=2, min_width=300):
                    self._list()
                with gr.Column(scale=3, min_width=300):
                    self._person()
            self.doctor = DoctorPanel(service, self.undo)
            imported = moving_panel(service)
        self._wire()
        for event in (self.doctor.mended, imported):
            event.then(self._render, [self.view, self.find], self.outputs, show_progress="hidden", **PRIVATE)

    def _list(self) -> None:
        self.find = gr.Textbox("", label=text.FIND, max_lines=1, elem_id="gallery-find")
        self.note = gr.HTML(elem_id="gallery-note")
        self.chosen = gr.Radio(
            [], label=text.PEOPLE, visible=False, elem_id="gallery-people", elem_classes="fa-people"
        )
        self.pages = Pager("gallery-people", PEOPLE_SHOWN)

    def _person(self) -> None:
        self.news = gr.HTML(elem_id="gallery-news")
        self.undo = UndoPanel(self._service)
        self.person = gr.HTML(elem_id="gallery-person")
        self.more = Pager("gallery-pictures", PICTURES_SHOWN)
        with gr.Column(visible=False) as self.actions:
            self.new_name = gr.Textbox("", label=text.NEW_NAME, max_lines=1, elem_id="gallery-new-name")
            with gr.Row():
                self.rename = gr.Button(text.RENAME, min_width=120)
                self.remove = gr.Button(text.REMOVE, variant="stop", min_width=120)
            with gr.Row(visible=False) as self.one_picture:
                self.picture = gr.Radio([], label=text.PICTURE, elem_id="gallery-picture")
                self.remove_picture = gr.Button(text.REMOVE_PICTURE, size="sm", min_width=120)
        self.question = QuestionPanel("gallery")

    def _wire(self) -> None:
        turn = {
            self.pages.previous: partial(self._turn, -1),
            self.pages.next: partial(self._turn, 1),
            self.more.previous: partial(self._turn_pictures, -1),
            self.more.next: partial(self._turn_pictures, 1),
        }
        for button, answer in turn.items():
            self._on([button.click], answer, "always_last")
        # One event for all three: the answer of an earlier one can never come after that of a later one.
        self._on([self.tab.select, self.find.change, self.chosen.input], self._look, "always_last")
        self._on([self.rename.click, self.new_name.submit], self._rename)
        self._on([self.remove.click], self._ask_remove)
        self._on([self.remove_picture.click], self._ask_remove_picture)
        shown = {"show_progress": "hidden", **PRIVATE}
        self.question.yes.click(
            self._do,
            [self.view, self.find, self.question.asked],
            self.outputs,
            **shown,
        )
        self.undo.button.click(
            self._undo,
            [self.view, self.find, self.undo.shown],
            self.outputs,
            **shown,
        )
        self.question.hide_when(self.new_name.change)

    def show_first(self, page: gr.Blocks) -> None:
        """Fill the list when the page is opened, so that it is there when the tab is."""
        page.load(
            lambda: self._render(View(), "") if may(Scope.ENROLL) else {self.news: ""},
            None,
            self.outputs,
            show_progress="hidden",
            **PRIVATE,
        )

    def _on(self, events: list[Any], answer: Callable[..., Updates], mode: str = "once") -> None:
        gr.on(
            events,
            answer,
            [self.view, self.find, self.chosen, self.new_name, self.picture],
            self.outputs,
            show_progress="hidden",
            trigger_mode=mode,
            **PRIVATE,
        )

    @property
    def outputs(self) -> list[Block]:
        """Every component that is rendered anew after an event."""
        own = [self.view, self.note, self.chosen, self.news, self.person, self.actions, self.new_name]
        pages = [*self.pages.outputs, *self.more.outputs]
        return [*own, self.one_picture, self.picture, *pages, *self.question.outputs, *self.undo.outputs]

    def _render(
        self,
        view: View,
        find: str,
        chosen: str | None = "",
        *_: object,
        news: str = "",
        new: str | None = None,
        question: Question | None = None,
    ) -> Updates:
        """List and person, what happened, and at most one question; ``new`` replaces the name typed in.

        ``chosen`` is who was chosen in the list when the event was sent, if that is known. A choice that
        stays the same is not sent back: it would undo a click that came meanwhile.
        """
        listing = list_people(self._service, find, view.start)
        shown = show(self._service, view.name, view.pictures)
        listed = {name for _, name in listing.people}
        several = shown.total > 1
        name = view.name if view.name in listed else None
        choice: dict[str, Any] = {} if name == chosen else {"value": name}
        return {
            self.view: View(listing.start, view.name, shown.start, find),
            self.note: listing.html,
            self.chosen: gr.Radio(choices=list(listing.people), visible=bool(listing.people), **choice),
            self.news: news,
            self.person: shown.html,
            self.actions: gr.Column(visible=shown.done and may(Scope.ADMIN)),
            self.new_name: gr.skip() if new is None else new,
            self.one_picture: gr.Row(visible=several),
            self.picture: gr.Radio(choices=list(shown.pictures), value=None),
            **self.pages.shown(listing.start, listing.total),
            **self.more.shown(shown.start, shown.total),
            **self.question.ask(question),
            **self.undo.offered(),
        }

    def _turn(self, pages: int, view: View, find: str, chosen: str | None, *_: object) -> Updates:
        return self._render(replace(view, start=self.pages.turned(view.start, pages)), find, chosen)

    def _turn_pictures(self, pages: int, view: View, find: str, chosen: str | None, *_: object) -> Updates:
        return self._render(replace(view, pictures=self.more.turned(view.pictures, pages)), find, chosen)

    def _look(self, view: View, find: str, chosen: str | None, *_: object) -> Updates:
        """The list as it is now, from the beginning if something else is looked for; and who is chosen."""
        start = view.start if find == view.find else 0
        if chosen is None or chosen == view.name:
            return self._render(replace(view, start=start), find, chosen)
        return self._render(View(start, chosen), find, chosen, new="")

    def _rename(self, view: View, find: str, _: object, new: str, *__: object) -> Updates:
        name = view.name
        answer = rename(self._service, name, new)
        if answer.name_taken:
            words = ask_merge(self._service, name, new).html
            merge = Question(
                words, text.MERGE_YES, lambda _: rename(self._service, name, new, merge=True), danger=False
            )
            return self._render(view, find, question=merge)
        if not answer.done:
            return self._render(view, find, news=answer.html)
        return self._render(replace(view, name=answer.name), find, news=answer.html, new="")

    def _ask_remove(self, view: View, find: str, *_: object) -> Updates:
        return self._ask(view, find, ask_remove(self._service, view.name))

    def _ask_remove_picture(self, view: View, find: str, *typed: str | None) -> Updates:
        picture = typed[-1]
        return self._ask(view, find, ask_remove_picture(self._service, picture), picture)

    def _ask(self, view: View, find: str, asked: Answer, picture: str | None = None) -> Updates:
        """Ask before a person, or one picture, is removed."""
        if not asked.done:
            return self._render(view, find, news=asked.html)
        return self._render(view, find, question=self.undo.question(asked, picture))

    def _do(self, view: View, find: str, question: Question | None) -> Updates:
        """What was asked about, after a yes."""
        if question is None:
            return self._render(view, find)
        answer = question.do(None)
        if answer.done:
            view = replace(view, name=answer.name)
        return self._render(view, find, news=answer.html, new="")

    def _undo(self, view: View, find: str, shown: str) -> Updates:
        answer = self.undo.undo(shown)
        if answer.done:
            view = View(view.start, answer.name)
        return self._render(view, find, news=answer.html, new="")
