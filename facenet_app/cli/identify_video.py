"""``facenet-app identify-video``: who is in this video, and when?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.domain import Appearance, VideoIdentification
    from facenet_app.video.steps import Step

EXAMPLES = examples(
    "identify-video visit.mp4",
    "identify-video visit.mp4 --out annotated.webm --csv timeline.csv",
    "identify-video visit.mp4 --rate 10 --json",
)


@takes("model", "gallery", "device", "fmr", "threshold", "review")
def identify_video(
    video: Annotated[
        Path, typer.Argument(metavar="VIDEO", help="Video with faces: MP4, MOV, WebM, MKV or AVI.")
    ],
    given: Given,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="N", help="Pictures a second to look at; 5 by default."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the video with boxes and names: a .webm file."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write who is seen from when to when.")
    ] = None,
) -> int:
    """Name the people in a video, from when to when.

    Faces are followed from picture to picture, and get a name once three of five pictures in a row agree on
    it. Exit code 0 if somebody is known, else 1.
    """
    if out is not None and out.suffix.lower() != ".webm":
        raise UsageError(f"{out} cannot be written: the video will be WebM", "give --out a name in .webm")
    for file in (out, table):
        if file is not None and file.exists() and video.exists() and file.samefile(video):
            raise UsageError(f"{file} is the video itself", "give the result another name")
    service = given.service()
    from facenet_app.video.annotate import annotate_video
    from facenet_app.video.identify import RATE, VideoSearch, identify_video, video_limits
    from facenet_app.video.steps import finished

    with service.gallery:
        with _progress("looking") as tell:
            result = finished(
                identify_video(service, video, VideoSearch(RATE if rate is None else rate)), tell
            )
        if out is not None:
            with _progress("writing") as tell:
                finished(annotate_video(video, result, out, video_limits(service.settings)), tell)
    if table is not None:
        _write(table, result)
    emit(result.to_dict(), _lines(result), as_json=given.json)
    return 0 if result.people else 1


@contextmanager
def _progress(title: str) -> "Iterator[Callable[[Step], None] | None]":
    with progress_bar(title, "seconds") as report:
        if report is None:
            yield None
        else:
            yield lambda step: report(int(step.seconds), None if step.of is None else int(step.of))


def _write(path: Path, result: "VideoIdentification") -> None:
    from facenet_app.video.timeline import timeline_csv

    try:
        path.write_text(timeline_csv(result), encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path} cannot be written", "give a file in a folder that exists") from error


def _lines(result: "VideoIdentification") -> "Iterator[str]":
    for each in result.appearances:
        yield _line(each)
    if result.glimpses:
        yield f"{counted(len(result.glimpses), 'face was', 'faces were')} seen too briefly to say anything"
    yield (
        f"looked at {counted(result.pictures, 'picture', 'pictures')} of {result.duration:.1f} seconds, "
        f"compared with {counted(result.gallery_size, 'person', 'people')} at the threshold "
        f"{result.operating_point.threshold:.4f} ({result.model})"
    )
    for warning in result.warnings:
        yield f"warning: {warning}"


def _line(each: "Appearance") -> str:
    from facenet_app.video.timeline import clock

    who = f"{each.person.name} (distance {each.person.distance:.4f})" if each.person else "unknown"
    return f"{clock(each.start)} to {clock(each.end)}: {who}"
