"""Getting everybody out of the gallery and into it on the page, as plain functions of a service."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Final

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.gallery.merge import Action, MergePlan, OnConflict, Step
from facenet_app.service import FaceService, Progress
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.for_a_while import ForAWhile, Later, in_a_thread
from facenet_app.web.own_errors import WrongInput

__all__ = [
    "ARCHIVE_SECONDS",
    "Archives",
    "export_archive",
    "import_archive",
    "kept_archives",
    "look_into_archive",
]

ARCHIVE_SECONDS: Final = 600
"""How long an archive waits to be saved."""
LONGEST_LIST: Final = 100
"""People of an archive shown."""
ARCHIVE: Final = "gallery.zip"

Archives = ForAWhile[Path]
"""Folders with an archive each, deleted when their time is over."""

EMPTY = Markup("")


def kept_archives(later: Later = in_a_thread) -> Archives:
    """Archives that wait to be saved: none yet."""
    return Archives(ARCHIVE_SECONDS, lambda folder: rmtree(folder, ignore_errors=True), later)


@answering(Scope.ADMIN)
def export_archive(
    service: FaceService, archives: Archives, room: Path, tell: Progress | None = None
) -> Answer:
    """Write everybody into an archive in a new folder of ``room``; it is deleted after a while."""
    if service.gallery.encrypted:
        raise WrongInput(*text.EXPORT_ENCRYPTED)
    room.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=room))
    try:
        done = service.gallery.export(folder / ARCHIVE, progress=tell)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    archives.keep(folder)
    words = text.exported(
        people=text.people(count=done.manifest.people), pictures=text.pictures(count=done.manifest.samples)
    )
    return Answer(message(words, "good"), file=folder / ARCHIVE)


@answering(Scope.ADMIN)
def look_into_archive(
    service: FaceService, archive: Path | None, rule: str, tell: Progress | None = None
) -> Answer:
    """What :func:`import_archive` would do; the archive is checked wholly, and nothing is changed."""
    if archive is None:
        raise WrongInput(*text.ARCHIVE_NEEDED)
    plan = service.import_archive(archive, OnConflict(rule), dry_run=True, progress=tell)
    return Answer(_would(plan), total=len(list(plan.stored)))


@answering(Scope.ADMIN)
def import_archive(service: FaceService, archive: Path, rule: str, tell: Progress | None = None) -> Answer:
    """Bring in everybody of an archive, or nobody; the upload is deleted."""
    plan = service.import_archive(archive, OnConflict(rule), progress=tell)
    archive.unlink(missing_ok=True)
    return Answer(message(_counted(plan), "good"))


def _would(plan: MergePlan) -> Markup:
    more = len(plan.steps) - LONGEST_LIST
    return Markup(
        '<section class="fa-answer"><div role="status"><h3>{}</h3></div><p>{}</p><ul>{}</ul>{}</section>'
    ).format(
        text.WOULD_IMPORT,
        _counted(plan),
        _lines(plan.steps[:LONGEST_LIST]),
        message(text.and_more(number=more), "plain") if more > 0 else EMPTY,
    )


def _lines(steps: Sequence[Step]) -> Markup:
    return EMPTY.join(Markup("<li>{}</li>").format(_line(step)) for step in steps)


def _line(step: Step) -> str:
    """One person of the archive and what becomes of them."""
    words = text.IMPORT_ACTIONS[step.action.value]
    if step.action is Action.KEEP_BOTH:
        return str(text.import_renamed(name=step.came_as, action=words, other=step.person.name))
    return str(text.import_step(name=step.came_as, action=words))


def _counted(plan: MergePlan) -> str:
    """How many people each action is for."""
    counts = plan.counts()
    actions = {"added": Action.ADD, "replaced": Action.REPLACE, "kept_both": Action.KEEP_BOTH}
    said = [
        text.import_count(action=text.IMPORT_ACTIONS[action.value], number=counts[key])
        for key, action in (*actions.items(), ("skipped", Action.SKIP))
        if counts[key]
    ]
    pictures = text.pictures(count=counts["samples"])
    known = [text.import_known(count=counts["duplicates"])] if counts["duplicates"] else []
    return " · ".join([*(said or [text.ARCHIVE_EMPTY]), pictures, *known])
