"""Searching the gallery for every face of a video."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.rules import Rule
from facenet_app.domain import Appearance, VideoIdentification
from facenet_app.errors import FacenetAppError, NoFaceFound, UsageError
from facenet_app.imaging.video import Frame, VideoLimits, open_video
from facenet_app.recognition import Wanted, search_many, search_warnings
from facenet_app.service import FaceService
from facenet_app.settings import Settings
from facenet_app.video.agreement import AGREE
from facenet_app.video.follow import Follower, Reach
from facenet_app.video.steps import Step, Steps

__all__ = ["HIGHEST_RATE", "RATE", "VideoSearch", "identify_video", "video_limits"]

RATE: Final = 5.0
"""Pictures a second that are looked at unless another rate is given."""
HIGHEST_RATE: Final = 60.0


@dataclass(frozen=True, slots=True)
class VideoSearch:
    """How to search: pictures a second, and at which rates or threshold as ``FaceService.identify``.

    Raises:
        UsageError: the rate is not above 0 and at most ``HIGHEST_RATE``.
    """

    rate: float = RATE
    fmr: float | None = None
    threshold: float | None = None
    review: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate <= HIGHEST_RATE:
            raise UsageError(
                f"{self.rate:g} pictures a second cannot be looked at",
                f"give a rate above 0, and {HIGHEST_RATE:g} at most",
            )


def video_limits(settings: Settings) -> VideoLimits:
    """The largest video that these settings accept."""
    return VideoLimits(settings.max_video_bytes, settings.max_video_seconds)


def identify_video(
    service: FaceService, path: Path, how: VideoSearch | None = None
) -> Steps[VideoIdentification]:
    """Who is in this video, from when to when?

    Every face is compared with everybody enrolled and followed from picture to picture; it gets a name
    when ``AGREE`` of ``OF`` pictures in a row agree on it, from where the face was first seen. The rate of
    strangers that are given a name is that of one picture; nobody measured that of a whole video.

    Raises (on the first steps):
        NotAVideo, VideoTooLarge, VideoDamaged: see :func:`facenet_app.imaging.video.open_video`.
        GalleryError, NoOperatingPoint, InvalidThreshold: as ``FaceService.identify``.
    """
    how = how or VideoSearch()
    with open_video(path, video_limits(service.settings)) as video:
        rule, index = service.searching(how.fmr, how.threshold, how.review)
        follower = Follower(_reach(service, rule))
        sent: deque[tuple[int, float]] = deque()
        images = _pixels(video.frames(how.rate), sent)
        wanted = Wanted(1, service.settings.template)
        pictures, time = 0, 0.0
        for outcome in search_many(service.extractor, rule, index, images, wanted):
            tick, time = sent.popleft()
            if isinstance(outcome, FacenetAppError) and not isinstance(outcome, NoFaceFound):
                raise outcome
            follower.add(tick, time, () if isinstance(outcome, FacenetAppError) else outcome.faces)
            pictures += 1
            yield Step(time, video.duration)
    appearances = follower.appearances()
    return VideoIdentification(
        appearances=tuple(each for each in appearances if not _glimpse(each)),
        glimpses=tuple(each for each in appearances if _glimpse(each)),
        duration=time,
        rate=how.rate,
        pictures=pictures,
        operating_point=rule.point,
        review_point=rule.review_point,
        risk=rule.risk,
        model=service.extractor.model,
        gallery_size=index.people,
        comparisons=index.samples,
        warnings=search_warnings(service.extractor, rule, index),
    )


def _reach(service: FaceService, rule: Rule) -> Reach:
    """In the same place, whatever the loosest measured threshold would call one person."""
    loosest = [point.threshold for point in service.measured.points[-1:]]
    return Reach(rule.point.threshold, max([rule.point.threshold, *loosest]))


def _pixels(frames: Iterable[Frame], sent: deque[tuple[int, float]]) -> Iterator[NDArray[np.uint8]]:
    for frame in frames:
        sent.append((frame.tick, frame.time))
        yield frame.pixels


def _glimpse(appearance: Appearance) -> bool:
    return appearance.person is None and len(appearance.sightings) < AGREE
