"""Video files -> RGB pictures with their times, or a VideoError.

OpenCV reads them with FFmpeg, which also follows playlists to other files and addresses. So what a file is
is told from its first bytes before FFmpeg sees it, and only containers that hold their pictures themselves
are let through.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import NotAVideo, VideoDamaged, VideoTooLarge

__all__ = ["VIDEO_SUFFIXES", "Frame", "Video", "VideoLimits", "open_video"]

VIDEO_SUFFIXES: Final = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")

CONVERT: Final = "save it as MP4, WebM, MOV, MKV or AVI"
SHORTEN: Final = "cut it into shorter parts"

MISSING: Final = 0.1
"""The part of a video that may be missing from its end: what headers say of the length is not exact."""
FASTEST: Final = 1000
"""Most pictures a second: so the length of a video bounds the work that it makes."""

# FFmpeg writes of every flaw of a file to stderr, where the server's log is; ours are errors.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """The largest video accepted: bytes of the file, its length in seconds, and pixels of a picture."""

    max_bytes: int
    max_seconds: float
    max_pixels: int = 4096 * 2304


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture of a video.

    Attributes:
        tick: which one: the ``tick``-th step of a clock that starts with the video, from 0.
        time: when the video shows it, in seconds from its start.
        pixels: RGB uint8 (height, width, 3), upright.
    """

    tick: int
    time: float
    pixels: NDArray[np.uint8]


class Video:
    """An open video, read once from its start. Not for several threads; see :func:`open_video`."""

    def __init__(self, capture: cv2.VideoCapture, name: str, limits: VideoLimits) -> None:
        self._capture = capture
        self._name = name
        self._limits = limits
        frames, rate = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
        self._announced = frames
        self.duration: float | None = frames / rate if frames > 0 and rate > 0 else None
        """Seconds, as the file says; None if it does not."""
        self._check()

    def frames(self, rate: float) -> Iterator[Frame]:
        """The first picture at or after each step of a clock, ``rate`` of them a second.

        A video with fewer pictures gives each of them.

        Raises:
            VideoDamaged: a picture cannot be decoded, or the file ends before it should.
            VideoTooLarge: it is longer than allowed, whatever it says of itself.
        """
        due, last, grabbed = 0, -1.0, 0
        while self._grabbed():
            grabbed += 1
            # A file may lie about time; it never goes back here.
            time = max(last, self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            last = time
            if time > self._limits.max_seconds:
                raise self._too_long()
            if grabbed > FASTEST * (time + 1):
                raise VideoDamaged(
                    f"{self._name} has more pictures than time for them", "save the video again"
                )
            tick = int(time * rate + 1e-6)
            if tick < due:
                continue
            due = tick + 1
            yield Frame(tick, time, self._picture())
        if last < 0:
            raise VideoDamaged(f"no picture of {self._name} can be decoded", "save the video again")
        # The last picture may stand for long, so both have to be short: the pictures and the time.
        few = grabbed < self._announced * (1 - MISSING) - 1
        if few and self.duration is not None and last < self.duration * (1 - MISSING) - 1:
            raise VideoDamaged(
                f"{self._name} breaks off after {last:.1f} of {self.duration:.1f} seconds",
                "copy or download it again",
            )

    def _check(self) -> None:
        if self.duration is not None and self.duration > self._limits.max_seconds:
            raise self._too_long()
        sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        self._check_size(*(int(self._capture.get(each)) for each in sides))

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._limits.max_pixels:
            raise VideoTooLarge(
                f"the pictures of {self._name} have {width:,} × {height:,} pixels, and no more than "
                f"{self._limits.max_pixels:,} are accepted",
                "scale it down",
            )

    def _too_long(self) -> VideoTooLarge:
        return VideoTooLarge(
            f"{self._name} is longer than the {self._limits.max_seconds:,.0f} seconds that are accepted",
            SHORTEN,
        )

    def _grabbed(self) -> bool:
        try:
            return self._capture.grab()
        except cv2.error as error:
            raise VideoDamaged(f"{self._name} cannot be decoded", "save the video again") from error

    def _picture(self) -> NDArray[np.uint8]:
        try:
            done, pixels = self._capture.retrieve()
        except cv2.error:
            done = False
        if not done:
            raise VideoDamaged(f"a picture of {self._name} cannot be decoded", "save the video again")
        self._check_size(pixels.shape[1], pixels.shape[0])  # which may change in mid-stream
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


@contextmanager
def open_video(path: Path, limits: VideoLimits) -> Iterator[Video]:
    """A video file, closed at the end.

    Args:
        path: of an MP4, MOV, WebM, MKV or AVI file.
        limits: what its header says is checked at once, its real length while it is read.

    Raises:
        NotAVideo: no file, an empty one, or one of another format.
        VideoTooLarge: beyond the limits.
        VideoDamaged: its parts cannot be found.
    """
    _check_file(path, limits)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not capture.isOpened():
            raise VideoDamaged(
                f"{path} cannot be opened: it is damaged, breaks off, or has pictures of an unknown kind",
                f"copy it again, or {CONVERT}",
            )
        yield Video(capture, str(path), limits)
    finally:
        capture.release()


def _check_file(path: Path, limits: VideoLimits) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(16)
        size = path.stat().st_size
    except OSError as error:
        raise NotAVideo(f"{path} cannot be read", "check the path") from error
    if size > limits.max_bytes:
        raise VideoTooLarge(
            f"{path} has more than the {limits.max_bytes:,} bytes that are accepted",
            f"compress it, or {SHORTEN}",
        )
    if not _is_container(start):
        raise NotAVideo(f"{path} is no video of a format that is accepted", CONVERT)


def _is_container(start: bytes) -> bool:
    """MP4 and MOV, Matroska and WebM, AVI."""
    boxed = start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
    return boxed or start.startswith(b"\x1aE\xdf\xa3") or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")
