"""What is wrong with the gallery and how to mend it, as plain functions of a service."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.domain import Finding
from facenet_app.service import FaceService, Progress
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.faces_view import numbered_faces
from facenet_app.web.people import rename
from facenet_app.web.question import Question
from facenet_app.web.said import said_finding, said_suggestion

__all__ = ["MOST_FINDINGS", "examine", "finding_line", "mergers", "reembedding", "show_finding", "without"]

MOST_FINDINGS: Final = 50
"""Findings in the list."""
MOST_FACES: Final = 24
"""Pictures of a finding that are shown."""

MERGE: Final = frozenset({"same_person"})
REEMBED: Final = frozenset(
    {
        "model_mismatch",
        "other_model",
        "unfinished_reembedding",
        "damaged_embedding",
        "not_finite",
        "not_unit",
        "search_out_of_step",
    }
)
"""Codes of findings that embedding everything anew mends."""

MISFIT: Final = frozenset({"like_other", "outlier", "low_quality", "damaged_crop"})
"""Codes of findings that removing a picture mends."""

EMPTY = Markup("")


@answering(Scope.ADMIN)
def examine(service: FaceService) -> Answer:
    """What is wrong, and what somebody should look at."""
    found = tuple(service.check_gallery())
    if not found:
        return Answer(message(text.NOTHING_FOUND, "good"))
    words = text.findings(count=len(found))
    if len(found) > MOST_FINDINGS:
        words = text.findings_cut(shown=MOST_FINDINGS, number=len(found))
    return Answer(message(words, "plain"), findings=found[:MOST_FINDINGS])


def finding_line(finding: Finding) -> str:
    """A finding in the list."""
    title = text.FINDINGS.get(finding.code, finding.code)
    about = ", ".join(finding.people)
    if not about and finding.sample_ids:
        about = text.pictures(count=len(finding.sample_ids))
    return f"{title}: {about}" if about else title


@answering(Scope.ADMIN, quiet=True)
def show_finding(service: FaceService, finding: Finding | None) -> Answer:
    """A finding in full with its pictures, which can be removed one by one where that helps."""
    if finding is None:
        return Answer("", done=False)
    ids = finding.sample_ids[:MOST_FACES]
    faces = service.gallery.faces_with_ids(ids) if ids and finding.code not in REEMBED else []
    more = len(finding.sample_ids) - len(ids)
    advice = said_suggestion(finding)
    return Answer(
        Markup('<section class="fa-answer"><h3>{}</h3><p>{}</p>{}{}{}</section>').format(
            text.FINDINGS.get(finding.code, finding.code),
            said_finding(finding),
            numbered_faces(faces, named=True),
            message(text.and_more(number=more), "plain") if faces and more > 0 else EMPTY,
            message(advice) if advice else EMPTY,
        ),
        pictures=tuple((f"{number}", face.sample_id) for number, face in enumerate(faces, 1))
        if finding.code in MISFIT
        else (),
    )


def mergers(service: FaceService, finding: Finding | None) -> Iterator[tuple[str, Question]]:
    """What to press to make two names one person: either name can stay."""
    if finding is None or finding.code not in MERGE:
        return
    for stays, goes in (finding.people, finding.people[::-1]):
        asked = message(text.ask_same(first=finding.people[0], second=finding.people[1], name=stays))
        do = partial(_merge, service, goes, stays)
        yield text.merge_into(name=stays), Question(asked, text.MERGE_YES, do, danger=False)


def _merge(service: FaceService, goes: str, stays: str, _: Progress | None) -> Answer:
    return rename(service, goes, stays, merge=True)


def reembedding(service: FaceService, finding: Finding | None) -> Question | None:
    """Whether to embed everything anew, where that helps."""
    if finding is None or finding.code not in REEMBED:
        return None
    asked = message(text.ask_reembed(model=service.extractor.model))
    return Question(asked, text.REEMBED_YES, partial(_reembed, service), danger=False)


@answering(Scope.ADMIN)
def _reembed(service: FaceService, tell: Progress | None) -> Answer:
    return Answer(message(text.reembedded(count=service.reembed(tell)), "good"))


def without(
    findings: Sequence[Finding], mended: Finding, sample_id: str | None = None
) -> tuple[Finding, ...]:
    """The findings that are left once one is mended, or one of its pictures is removed."""
    left = []
    for each in findings:
        if each is not mended:
            left.append(each)
        elif sample_id is not None and not each.people:  # about many pictures, of which one is gone
            ids = tuple(other for other in each.sample_ids if other != sample_id)
            left += [replace(each, sample_ids=ids)] if ids else []
    return tuple(left)
