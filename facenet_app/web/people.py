"""What the tab Gallery does, as plain functions of a service and inputs."""

from facenet_app.errors import UsageError
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.results import person

__all__ = ["LONGEST_LIST", "ask_merge", "ask_remove", "list_people", "remove", "rename", "show"]

LONGEST_LIST = 100
"""People in the list at a time; more would make the page slow, and nobody reads them."""


@answering
def list_people(service: FaceService, find: str = "") -> Answer:
    """The enrolled people whose name contains ``find``, in any case, and how many there are."""
    everybody = service.identities()
    wanted = find.strip().casefold()
    found = [identity for identity in everybody if wanted in identity.name.casefold()]
    lines = tuple(
        (text.person_line(name=each.name, count=each.samples, date=text.day(each.enrolled_at)), each.name)
        for each in found[:LONGEST_LIST]
    )
    if not everybody:
        return Answer(message(text.NOBODY))
    if not found:
        return Answer(message(text.NOBODY_FOUND))
    cut = len(lines) < len(found)
    shown = text.first_people(shown=len(lines), number=len(found)) if cut else text.people(count=len(found))
    return Answer(message(shown, "plain"), people=lines)


@answering
def show(service: FaceService, name: str | None) -> Answer:
    """One person with every crop; nothing if nobody is chosen."""
    if name is None:
        return Answer("", done=False)
    return Answer(person(service.identity(name), service.samples(name)))


@answering
def rename(service: FaceService, name: str | None, new: str, *, merge: bool = False) -> Answer:
    """Give a person another name; ``name_taken`` if somebody has it, unless ``merge``."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    before = service.gallery.find(new) if merge else None
    identity = service.rename(name, new, merge=merge)
    if before is not None and before.name != name:
        words = text.merged(old=name, new=identity.name, count=identity.samples)
    else:
        words = text.renamed(old=name, new=identity.name)
    return Answer(message(words, "good"), name=identity.name)


@answering
def ask_merge(service: FaceService, name: str | None, new: str) -> Answer:
    """The question before two people become one."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    old, new = service.identity(name).name, service.identity(new).name
    return Answer(message(text.ask_merge(old=old, new=new)))


@answering
def ask_remove(service: FaceService, name: str | None) -> Answer:
    """The question before a person is removed."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    return Answer(message(text.ask_remove(name=name, count=service.identity(name).samples)))


@answering
def remove(service: FaceService, name: str | None) -> Answer:
    """Remove a person with every picture."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    identity = service.remove(name)
    return Answer(message(text.removed(name=identity.name, count=identity.samples), "good"))
