"""What a handler gives the page, and how errors become sentences on it."""

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from markupsafe import Markup

from facenet_app.access.scope import Scope, allows
from facenet_app.domain import Finding, OperatingPoint
from facenet_app.errors import FacenetAppError, IdentityExists, ServerError
from facenet_app.gallery.actor import acting_as
from facenet_app.web import text
from facenet_app.web.event_log import Ending, noted
from facenet_app.web.own_errors import NotAllowed
from facenet_app.web.said import said_error
from facenet_app.web.visitor import visitor

__all__ = ["Answer", "answering", "answering_steps", "message"]

log = logging.getLogger(__name__)

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows after a click.

    ``html`` is escaped already. ``done`` is False after any error. ``name_taken`` asks for a
    decision before going on. ``people`` are lines and names for the list of the gallery, ``pictures``
    numbers and ids of samples; ``start`` is the place of the first of them among ``total``. ``name`` is
    what the person is called from now on, ``undo`` the key to put back what was removed, ``file`` one to
    save, ``findings`` what was found in the gallery. ``points`` are thresholds that could be used,
    ``markdown`` is a model's card, ``csv`` a table to save. ``faces`` says for each photo which face was
    used, counted from the left, and of how many; ``matched`` are ids of the people that a picture of a
    video shows. ``files`` are to be shown or saved.
    """

    html: str
    done: bool = True
    name_taken: bool = False
    people: tuple[tuple[str, str], ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    start: int = 0
    total: int = 0
    name: str | None = None
    undo: str | None = None
    file: Path | None = None
    findings: tuple[Finding, ...] = ()
    points: tuple[OperatingPoint, ...] = ()
    markdown: str = ""
    csv: str = ""
    faces: tuple[tuple[int, int], ...] = ()
    matched: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


def message(words: str, kind: str = "note") -> Markup:
    """A sentence in a colored box; ``kind`` is ``plain``, ``note``, ``good`` or ``problem``."""
    role = "alert" if kind == "problem" else "status"
    return Markup('<p class="fa-message fa-{}" role="{}">{}</p>').format(kind, role, words)


def answering(
    needed: Scope | None, *, quiet: bool = False
) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Makes a handler that answers with a sentence where it would have raised.

    It refuses a visitor who has not the scope ``needed`` (None: everybody may), and what it writes into
    the gallery's audit trail is the visitor's. Each event is a line in the log, but for ``quiet`` ones that
    only show something, or come many times a second. Paths among the arguments are uploads: messages name
    the file, never its folder.
    """

    def decorated(handler: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(handler)
        def run(*args: P.args, **kwargs: P.kwargs) -> Answer:
            with noted(handler.__name__, quiet=quiet) as ending:
                try:
                    with _as_visitor(needed):
                        answer = handler(*args, **kwargs)
                except Exception as error:  # noqa: BLE001 - the edge of the page: nothing internal may be shown
                    return _failed(handler.__name__, error, args, ending)
                ending.answered(done=answer.done)
                return answer

        return run

    return decorated


@contextmanager
def _as_visitor(needed: Scope | None) -> Iterator[None]:
    """Act on behalf of the visitor. Raises NotAllowed if they may not."""
    who = visitor()
    if who is None:
        yield
        return
    if not allows(who.scopes, needed):
        raise NotAllowed(*text.FORBIDDEN)
    with acting_as(str(who), who.request_id):
        yield


def answering_steps(
    needed: Scope | None,
) -> Callable[[Callable[P, Iterator[Answer]]], Callable[P, Iterator[Answer]]]:
    """:func:`answering` for a handler that gives one answer after the other; an error ends them.

    It writes nothing into a gallery: between two answers nobody is behind it.
    """

    def decorated(handler: Callable[P, Iterator[Answer]]) -> Callable[P, Iterator[Answer]]:
        @wraps(handler)
        def run(*args: P.args, **kwargs: P.kwargs) -> Iterator[Answer]:
            with noted(handler.__name__, quiet=False) as ending:
                try:
                    with _as_visitor(needed):
                        pass
                    yield from handler(*args, **kwargs)
                    ending.answered(done=True)
                except Exception as error:  # noqa: BLE001 - as above
                    yield _failed(handler.__name__, error, args, ending)

        return run

    return decorated


def _failed(what: str, error: Exception, args: Iterable[object], ending: Ending) -> Answer:
    """An error as an answer. Of one that nobody foresaw only the log gets the kind and the place; its
    message might hold a name.
    """
    ending.outcome = error.code if isinstance(error, FacenetAppError) else ServerError.code
    if isinstance(error, FacenetAppError):
        sentence = said_error(error, _paths(args))
        return Answer(message(sentence, "problem"), done=False, name_taken=isinstance(error, IdentityExists))
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s failed: %s at %s:%s", what, type(error).__name__, place.filename, place.lineno)
    return Answer(message(text.INTERNAL, "problem"), done=False)


def _paths(args: Iterable[object]) -> list[Path]:
    found: list[Path] = []
    for arg in args:
        if isinstance(arg, Path):
            found.append(arg)
        elif isinstance(arg, list | tuple):
            found.extend(path for path in arg if isinstance(path, Path))
    return found
