"""Writing a video that browsers play: VP8 in WebM, which OpenCV's wheels can encode and H.264 they cannot."""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import VideoError

__all__ = ["VideoWriter"]


class VideoWriter:
    """Writes pictures of one size at a fixed rate; the file is whole when the block ends.

    >>> with VideoWriter(Path("out.webm"), rate=5) as writer:  # doctest: +SKIP
    ...     writer.write(0, pixels)

    Args:
        path: of the file to write; what is there is replaced.
        rate: pictures a second.

    Raises:
        VideoError: it cannot be written.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self._path = path
        # OpenCV tells formats by their suffix. To WebM itself it would write the same, and complain to
        # stderr each time that it does not know how VP8 is called in it.
        self._made = path.with_name(f".{path.name}.mkv")
        self._rate = rate
        self._writer: cv2.VideoWriter | None = None
        self._last: NDArray[np.uint8] | None = None
        self.written = 0
        """Pictures so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.release()
        try:
            if kind is None and self.written:
                self._check_whole()
                _call_webm(self._made)
                self._made.replace(self._path)
        finally:
            self._made.unlink(missing_ok=True)

    def write(self, tick: int, pixels: NDArray[np.uint8]) -> None:
        """Show ``pixels``, RGB uint8 (height, width, 3), from ``tick / rate`` seconds on.

        Where ticks are left out, the picture before is shown for longer. Many of them take long: whoever
        wants to stop meanwhile calls :meth:`repeat` for each.
        """
        picture = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), np.uint8)
        if self._last is not None and picture.shape != self._last.shape:
            raise VideoError(  # OpenCV would leave it out without a word
                f"{self._path} cannot be written: the pictures of the video change their size",
                "save the video again with pictures of one size",
            )
        if self._writer is None:
            self._writer = self._open(picture)
        self._last = picture if self._last is None else self._last
        while self.written < tick:
            self.repeat()
        self._last = picture
        self.repeat()

    def repeat(self) -> None:
        """Show the last picture for one tick more; nothing if there is none yet."""
        if self._writer is not None and self._last is not None:
            self._writer.write(self._last)
            self.written += 1

    def _check_whole(self) -> None:
        """OpenCV does not say when a disk is full."""
        made = cv2.VideoCapture(str(self._made), cv2.CAP_FFMPEG)
        try:
            whole = made.isOpened() and made.get(cv2.CAP_PROP_FRAME_COUNT) >= self.written - 1
        finally:
            made.release()
        if not whole:
            raise VideoError(f"{self._path} cannot be written", "check the folder and the room on the disk")

    def _open(self, picture: NDArray[np.uint8]) -> cv2.VideoWriter:
        height, width = picture.shape[:2]
        code = cv2.VideoWriter.fourcc(*"VP80")
        writer = cv2.VideoWriter(str(self._made), cv2.CAP_FFMPEG, code, self._rate, (width, height))
        if not writer.isOpened():
            raise VideoError(f"{self._path} cannot be written", "check the folder and the room on the disk")
        return writer


_MATROSKA: Final = b"\x42\x82\x88matroska"
_WEBM: Final = b"\x42\x82\x88webm\0\0\0\0"
"""The document's type in the header; zeros after a text are no part of it (RFC 8794, 7.4)."""


def _call_webm(path: Path) -> None:
    """WebM is Matroska with few codecs, VP8 among them; the header has to say so."""
    with path.open("r+b") as file:
        head = file.read(64)
        at = head.index(_MATROSKA)
        file.seek(at)
        file.write(_WEBM)
