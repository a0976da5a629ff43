"""What the tab Gallery does with people, as plain functions of a service and inputs."""

from dataclasses import dataclass
from typing import Final

from facenet_app.access.scope import Scope
from facenet_app.gallery.taken_out import TakenOut
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.evidence import crop_image
from facenet_app.web.faces_view import person_view
from facenet_app.web.for_a_while import ForAWhile, Kept
from facenet_app.web.own_errors import WrongInput
from facenet_app.web.visitor import visitor_mark

__all__ = [
    "PEOPLE_SHOWN",
    "PICTURES_SHOWN",
    "UNDO_SECONDS",
    "Removal",
    "Removed",
    "ask_merge",
    "ask_remove",
    "ask_remove_picture",
    "list_people",
    "remove",
    "rename",
    "show",
    "undo",
    "waiting",
]

PEOPLE_SHOWN: Final = 25
"""People in the list at a time: the database looks for them, and the browser gets no others."""
PICTURES_SHOWN: Final = 24
"""Crops of a person at a time."""
UNDO_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed, and the mark of the visitor who did it."""

    taken: TakenOut
    by: str


Removed = ForAWhile[Removal]
"""What was removed and can still be put back: it is in the memory of this process, and nowhere else."""


@answering(Scope.ENROLL, quiet=True)
def list_people(service: FaceService, find: str = "", start: int = 0) -> Answer:
    """Some of the people whose name contains ``find``, in any case, and how many there are.

    ``start`` is the number of the first one; beyond the last one the last page is shown.
    """
    page = service.people(find, offset=start, limit=PEOPLE_SHOWN)
    if not page.total:
        somebody = find.strip() and service.people(limit=1).total
        return Answer(message(text.NOBODY_FOUND if somebody else text.NOBODY))
    if not page.people:
        start = _last_page(page.total, PEOPLE_SHOWN)
        page = service.people(find, offset=start, limit=PEOPLE_SHOWN)
    lines = tuple(
        (text.person_line(name=each.name, count=each.samples, date=text.day(each.enrolled_at)), each.name)
        for each in page.people
    )
    last = start + len(lines)
    shown = text.people(count=page.total)
    if len(lines) < page.total:
        shown = text.people_from_to(first=start + 1, last=last, number=page.total)
    return Answer(message(shown, "plain"), people=lines, start=start, total=page.total)


def _last_page(total: int, size: int) -> int:
    """Where the last page begins."""
    return max(0, (total - 1) // size * size)


@answering(Scope.ENROLL, quiet=True)
def show(service: FaceService, name: str | None, start: int = 0) -> Answer:
    """One person with some of the crops, from number ``start`` on; nothing if nobody is chosen."""
    if name is None:
        return Answer("", done=False)
    identity = service.identity(name)
    start = min(start, _last_page(identity.samples, PICTURES_SHOWN))
    faces = service.gallery.faces_page(identity.id, offset=start, limit=PICTURES_SHOWN)
    numbers = tuple((f"{number}", face.sample_id) for number, face in enumerate(faces, start + 1))
    return Answer(
        person_view(identity, faces, start), name=name, pictures=numbers, start=start, total=identity.samples
    )


@answering(Scope.ADMIN)
def rename(service: FaceService, name: str | None, new: str, *, merge: bool = False) -> Answer:
    """Give a person another name; ``name_taken`` if somebody has it, unless ``merge``."""
    if name is None:
        raise WrongInput(*text.NOBODY_CHOSEN)
    before = service.gallery.find(new) if merge else None
    identity = service.rename(name, new, merge=merge)
    if before is not None and before.name != name:
        words = text.merged(old=name, new=identity.name, count=identity.samples)
    else:
        words = text.renamed(old=name, new=identity.name)
    return Answer(message(words, "good"), name=identity.name)


@answering(Scope.ADMIN, quiet=True)
def ask_merge(service: FaceService, name: str | None, new: str) -> Answer:
    """The question before two people become one."""
    if name is None:
        raise WrongInput(*text.NOBODY_CHOSEN)
    old, other = service.identity(name).name, service.identity(new).name
    return Answer(message(text.ask_merge(old=old, new=other)))


@answering(Scope.ADMIN, quiet=True)
def ask_remove(service: FaceService, name: str | None) -> Answer:
    """The question before a person is removed."""
    if name is None:
        raise WrongInput(*text.NOBODY_CHOSEN)
    identity = service.identity(name)
    return Answer(message(text.ask_remove(name=identity.name, count=identity.samples)), name=identity.name)


@answering(Scope.ADMIN, quiet=True)
def ask_remove_picture(service: FaceService, sample_id: str | None) -> Answer:
    """The question before one picture of a person is removed, with the picture; ``name`` is the person's."""
    if sample_id is None:
        raise WrongInput(*text.NO_PICTURE_CHOSEN)
    faces = service.gallery.faces_with_ids([sample_id])
    if not faces:
        raise WrongInput(*text.PICTURE_GONE)
    name = faces[0].name
    return Answer(message(text.ask_remove_picture(name=name)) + crop_image(faces[0].crop, name), name=name)


@answering(Scope.ADMIN)
def remove(service: FaceService, removed: Removed, name: str, sample_id: str | None = None) -> Answer:
    """Remove a person with every picture, or one picture; ``undo`` says how to put it back."""
    taken = service.take_out(name, sample_id)
    name, key = taken.person.name, removed.keep(Removal(taken, visitor_mark()))
    if not taken.everything:
        return Answer(message(text.removed_picture(name=name), "good"), name=name, undo=key)
    words = text.removed(name=name, count=taken.person.samples)
    return Answer(message(words, "good"), undo=key)


def waiting(removed: Removed) -> Kept[Removal] | None:
    """The newest that the visitor removed and can still put back, in whichever tab that was."""
    mark = visitor_mark()
    return removed.newest(lambda each: each.by == mark)


@answering(Scope.ADMIN)
def undo(service: FaceService, removed: Removed, key: str) -> Answer:
    """Put back what was removed; ``name`` is whose it is. What does not fit can be tried again."""
    removal = removed.look(key)
    if removal is None:
        raise WrongInput(*text.UNDO_TOO_LATE)
    identity = service.put_back(removal.taken)
    removed.drop(key)
    return Answer(message(text.put_back(name=identity.name), "good"), name=identity.name)
