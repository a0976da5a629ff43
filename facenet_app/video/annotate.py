"""The video once more, with every face boxed and named."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from facenet_app.domain import Appearance, DetectedFace, VideoIdentification
from facenet_app.imaging.draw import draw_faces
from facenet_app.imaging.video import VideoLimits, open_video
from facenet_app.imaging.video_writer import VideoWriter
from facenet_app.video.steps import Step, Steps

__all__ = ["annotate_video"]

LONG_SIDE: Final = 960
"""Pixels of the long side of the annotated video, at most."""

Color = tuple[int, int, int]
NAMED: Final[Color] = (22, 163, 74)
UNKNOWN: Final[Color] = (148, 163, 184)

Labeled = tuple[DetectedFace, str, Color]


def annotate_video(
    path: Path,
    result: VideoIdentification,
    target: Path,
    limits: VideoLimits,
    unknown: str = "unknown",
) -> Steps[None]:
    """Write the pictures that were looked at, with boxes and names, to a WebM file without sound.

    Args:
        path: the video that ``result`` is of.
        result: who is in it.
        target: the file to write; what is there is replaced once the whole video is written.
        limits: as for ``result``.
        unknown: the label of faces without a name.

    Raises (on the first steps):
        VideoError: the video cannot be read any more, or the target cannot be written.
    """
    faces = _faces_by_tick(result, lambda each: each.person.name if each.person else unknown)
    with open_video(path, limits) as video, VideoWriter(target, result.rate) as writer:
        for frame in video.frames(result.rate):
            # A picture may stand for an hour: every tick of it can be the last that is wanted.
            while 0 < writer.written < frame.tick:
                writer.repeat()
                yield Step(writer.written / result.rate, video.duration)
            writer.write(frame.tick, draw_faces(frame.pixels, faces.get(frame.tick, ()), LONG_SIDE))
            yield Step(frame.time, video.duration)


def _faces_by_tick(
    result: VideoIdentification, label: Callable[[Appearance], str]
) -> Mapping[int, list[Labeled]]:
    faces: dict[int, list[Labeled]] = {}
    for each in (*result.glimpses, *result.appearances):
        color = NAMED if each.person else UNKNOWN
        for sighting in each.sightings:
            faces.setdefault(sighting.tick, []).append((sighting.face, label(each), color))
    return faces
