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
        (text.person_line(each.name, each.samples, f"{each.enrolled_at:%Y-%m-%d}"), each.name)
        for each in found[:LONGEST_LIST]
    )
    if not everybody:
        return Answer(message(text.NOBODY))
    if not found:
        return Answer(message(text.NOBODY_FOUND))
    return Answer(message(text.shown_of(len(lines), len(found)), "plain"), people=lines)


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
        words = text.merged(name, identity.name, identity.samples)
    else:
        words = text.renamed(name, identity.name)
    return Answer(message(words, "good"), name=identity.name)


@answering
def ask_merge(service: FaceService, name: str | None, new: str) -> Answer:
    """The question before two people become one."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    return Answer(message(text.ask_merge(service.identity(name).name, service.identity(new).name)))


@answering
def ask_remove(service: FaceService, name: str | None) -> Answer:
    """The question before a person is removed."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    return Answer(message(text.ask_remove(name, service.identity(name).samples)))


@answering
def remove(service: FaceService, name: str | None) -> Answer:
    """Remove a person with every picture."""
    if name is None:
        raise UsageError(*text.NOBODY_CHOSEN)
    identity = service.remove(name)
    return Answer(message(text.removed(identity.name, identity.samples), "good"))
