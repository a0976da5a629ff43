"""A short video of the two faces in the public domain, moving over a background."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

FPS = 10
SECONDS = 6
SIZE = (640, 360)
COLLINS = (0, 29)
"""The first and the last picture that shows Eileen Collins, who walks from the left to the right ..."""
HOPPER = (20, 49)
"""... and Grace Hopper, who stands on the right and trembles; the last second shows nobody."""


def write_video(path: Path, astronaut: Path, hopper: Path, codec: str, times: int = 1) -> None:
    """The video in a format that OpenCV can write, so many times; ``codec`` is its FourCC."""
    with Image.open(astronaut) as picture:
        collins = np.asarray(picture.convert("RGB").crop((160, 0, 320, 220)).resize((160, 220)))
    with Image.open(hopper) as picture:
        grace = np.asarray(picture.convert("RGB").crop((110, 40, 410, 440)).resize((165, 220)))
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), FPS, SIZE)
    assert writer.isOpened()
    frames = [_frame(number, collins, grace) for number in range(FPS * SECONDS)]
    for frame in frames * times:
        writer.write(frame)
    writer.release()


def _frame(number: int, collins: NDArray[np.uint8], grace: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One picture, BGR."""
    ramp = np.linspace(60, 180, SIZE[0], dtype=np.uint8)
    frame = np.repeat(np.tile(ramp, (SIZE[1], 1))[..., None], 3, axis=2).copy()
    if COLLINS[0] <= number <= COLLINS[1]:
        _put(frame, collins, left=10 + 8 * number, top=60)
    if HOPPER[0] <= number <= HOPPER[1]:
        _put(frame, grace, left=450 + 3 * (number % 3), top=80)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)


def _put(frame: NDArray[np.uint8], picture: NDArray[np.uint8], left: int, top: int) -> None:
    height, width = picture.shape[:2]
    frame[top : top + height, left : left + width] = picture
