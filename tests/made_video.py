"""A short video of two people before a background, of whom one walks through it."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

FPS = 10
SECONDS = 6
SIZE = (640, 360)
WALKS = (0, 29)
"""The first and the last picture that shows the one who walks from the left to the right ..."""
STANDS = (20, 49)
"""... and the one who stands on the right and trembles; the last second shows nobody."""
Box = tuple[int, int, int, int]


def public_faces(astronaut: Path, hopper: Path) -> tuple[Image.Image, Image.Image]:
    """Eileen Collins, who walks, and Grace Hopper, who stands: both in the public domain."""
    return cut(astronaut, (160, 0, 320, 220)), cut(hopper, (110, 40, 410, 440))


def cut(photo: Path, box: Box) -> Image.Image:
    """A part of a photo, as large as a person is in the video."""
    with Image.open(photo) as picture:
        return picture.convert("RGB").crop(box).resize((160, 220))


def write_video(path: Path, people: tuple[Image.Image, Image.Image], codec: str, times: int = 1) -> None:
    """The video in a format that OpenCV can write, so many times; ``codec`` is its FourCC."""
    walking, standing = (np.asarray(each) for each in people)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), FPS, SIZE)
    assert writer.isOpened()
    frames = [_frame(number, walking, standing) for number in range(FPS * SECONDS)]
    for frame in frames * times:
        writer.write(frame)
    writer.release()


def _frame(number: int, walking: NDArray[np.uint8], standing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One picture, BGR."""
    ramp = np.linspace(60, 180, SIZE[0], dtype=np.uint8)
    frame = np.repeat(np.tile(ramp, (SIZE[1], 1))[..., None], 3, axis=2).copy()
    if WALKS[0] <= number <= WALKS[1]:
        _put(frame, walking, left=10 + 8 * number, top=60)
    if STANDS[0] <= number <= STANDS[1]:
        _put(frame, standing, left=450 + 3 * (number % 3), top=80)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)


def _put(frame: NDArray[np.uint8], picture: NDArray[np.uint8], left: int, top: int) -> None:
    height, width = picture.shape[:2]
    frame[top : top + height, left : left + width] = picture
