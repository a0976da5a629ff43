"""Who is in a video file, and when: as a handler that tells of its progress, and as HTML."""

import json
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from shutil import rmtree
from typing import Final, TypeVar

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.domain import Appearance, VideoIdentification
from facenet_app.service import FaceService
from facenet_app.video.annotate import annotate_video
from facenet_app.video.identify import RATE, VideoSearch, identify_video, video_limits
from facenet_app.video.steps import Step, Steps
from facenet_app.video.timeline import clock, timeline_csv
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering_steps, message
from facenet_app.web.evidence import crop_image
from facenet_app.web.meaning import meaning_of_search
from facenet_app.web.own_errors import WrongInput

__all__ = ["LONGEST_TIMELINE", "identify_in_video"]

LONGEST_TIMELINE = 200
"""Appearances shown on the page; the files have them all."""

NAMES: Final = ("annotated.webm", "timeline.csv", "timeline.json")
"""Of the files that an answer leads to."""

EMPTY = Markup("")
T = TypeVar("T")


@answering_steps(Scope.IDENTIFY)
def identify_in_video(
    service: FaceService, upload: Path | None, rate: float = RATE, fpir: float | None = None
) -> Iterator[Answer]:
    """Answers that tell of the progress, and a last one with the timeline and ``files`` as in ``NAMES``.

    The files are beside the upload. Closed before its end, or after an error, none is left.
    """
    if upload is None:
        raise WrongInput(*text.VIDEO_NEEDED)
    folder = Path(tempfile.mkdtemp(dir=upload.parent))
    try:
        result = yield from _told(
            text.VIDEO_LOOKING, identify_video(service, upload, VideoSearch(rate, fmr=fpir))
        )
        files = tuple(folder / name for name in NAMES)
        limits = video_limits(service.settings)
        yield from _told(text.VIDEO_WRITING, annotate_video(upload, result, files[0], limits, text.UNKNOWN))
        files[1].write_text(timeline_csv(result), encoding="utf-8", newline="")
        files[2].write_text(json.dumps(result.to_dict(), indent=2), encoding="utf-8")
    except BaseException:  # also when the answers are no longer wanted
        rmtree(folder, ignore_errors=True)
        raise
    yield Answer(_shown(result), files=files)


def _told(what: str, steps: Steps[T]) -> Generator[Answer, None, T]:
    """Every whole second of the video as a bar."""
    told = -1
    try:
        while True:
            step = next(steps)
            if int(step.seconds) > told:
                told = int(step.seconds)
                yield Answer(_bar(what, step))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        steps.close()


def _bar(what: str, step: Step) -> Markup:
    done = text.number(step.seconds, ".0f")
    if step.of is None:
        words, value = text.video_so_far(what=what, done=done), EMPTY
    else:
        words = text.video_progress(what=what, done=done, seconds=text.number(step.of, ".0f"))
        value = Markup(' value="{:.3f}"').format(min(1.0, step.seconds / step.of))
    return Markup('<div class="fa-progress"><label>{}<progress max="1"{}></progress></label></div>').format(
        words, value
    )


def _shown(result: VideoIdentification) -> Markup:
    shown, number = result.appearances[:LONGEST_TIMELINE], len(result.appearances)
    header = EMPTY.join(Markup('<th scope="col">{}</th>').format(column) for column in text.VIDEO_COLUMNS)
    rows = EMPTY.join(_row(each, result.duration) for each in shown)
    table = Markup('<table class="fa-faces"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
    notes = [message(text.glimpses(count=len(result.glimpses)), "plain")] if result.glimpses else []
    if number > len(shown):
        notes.append(message(text.first_appearances(shown=len(shown), number=number), "plain"))
    return Markup(
        '<section class="fa-answer"><div role="status"><h2>{}</h2></div>{}<p>{}</p>{}{}'
        '<p class="fa-means">{}</p></section>'
    ).format(
        ", ".join(result.people) or text.VIDEO_NOBODY,
        EMPTY if result.gallery_size else message(text.EMPTY_GALLERY),
        text.video_looked(count=result.pictures, seconds=text.number(result.duration, ".1f")),
        table.format(header, rows) if shown else message(text.VIDEO_NO_FACE, "plain"),
        EMPTY.join(notes),
        meaning_of_search(result.operating_point, result.risk),
    )


def _row(each: Appearance, duration: float) -> Markup:
    name = each.person.name if each.person else text.UNKNOWN
    whole = max(duration, 1e-3)
    return Markup(
        '<tr><td class="fa-name">{} {}</td><td>{} – {}<span class="fa-span" aria-hidden="true"><i '
        'style="left:{:.2f}%;width:{:.2f}%"></i></span></td><td>{}</td></tr>'
    ).format(
        crop_image(each.crop, name),
        name,
        clock(each.start),
        clock(each.end),
        100 * each.start / whole,
        100 * (each.end - each.start) / whole,
        text.number(each.person.distance, ".3f") if each.person else "–",
    )
