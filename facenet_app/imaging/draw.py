"""Faces drawn on a copy of a picture, for people to see what was found."""

import importlib.util
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from facenet_app.domain import BoundingBox, DetectedFace

__all__ = ["draw_faces"]

Color = tuple[int, int, int]

_SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansEthiopic-Regular.ttf",
    "PingFang.ttc",
    "AppleGothic.ttf",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "malgun.ttf",
    "Nirmala.ttf",
    "LeelawUI.ttf",
)
"""Fonts of operating systems for scripts that DejaVu Sans lacks; Pillow knows the folders."""


def draw_faces(
    pixels: NDArray[np.uint8], faces: Sequence[tuple[DetectedFace, str, Color]], max_side: int = 1280
) -> NDArray[np.uint8]:
    """A copy of the picture with the box, the five landmarks and the label of each face.

    Args:
        pixels: RGB uint8 (height, width, 3); not changed.
        faces: a face in pixels of this picture, its label (any script, may be empty), its RGB color.
        max_side: pixels; a larger picture is scaled down to this long side.

    Returns:
        RGB uint8 (height, width, 3), its long side ``max_side`` at most.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image)
    line = max(1, round(max(image.size) / 250))
    for face, _, color in faces:
        box = _scaled(face.box, scale)
        canvas.rectangle((box.left, box.top, box.right, box.bottom), outline=color, width=line)
        for x, y in (face.landmarks.points + 0.5) * scale - 0.5:
            canvas.circle((float(x), float(y)), 1.2 * line, fill=color, outline=_contrast(color))
    for face, label, color in faces:  # after all boxes, so that no line crosses a label
        if text := " ".join(label.split()):
            _draw_label(canvas, image.size, _scaled(face.box, scale), text, color)
    return np.array(image)


def _scaled(box: BoundingBox, scale: float) -> BoundingBox:
    """The box in the scaled picture; (0, 0) is the middle of a pixel in both."""
    left, top = (box.left + 0.5) * scale - 0.5, (box.top + 0.5) * scale - 0.5
    return BoundingBox(left, top, box.width * scale, box.height * scale)


def _draw_label(
    canvas: ImageDraw.ImageDraw, picture: tuple[int, int], box: BoundingBox, text: str, color: Color
) -> None:
    """The text on a filled strip above the box, or where there is room nearest to that."""
    size = max(12, round(max(picture) / 45))
    font = _font_for(text, size)
    pad = max(2, size // 5)
    text = _fitting(text, font, picture[0] - 2 * pad)
    ascent, descent = font.getmetrics()
    width, height = round(font.getlength(text)) + 2 * pad, ascent + descent + pad
    left = min(max(0, round(box.left)), max(0, picture[0] - width))
    top = min(max(0, round(box.top) - height), max(0, picture[1] - height))
    canvas.rectangle((left, top, left + width - 1, top + height - 1), fill=color)
    canvas.text((left + pad, top + pad // 2), text, font=font, fill=_contrast(color))


def _fitting(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """The text, shortened with an ellipsis to the room there is, in pixels."""
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text + "…"


def _contrast(color: Color) -> Color:
    """Black or white, whichever is easier to read on the color (luma of ITU-R BT.601)."""
    red, green, blue = color
    return (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else (255, 255, 255)


def _font_for(text: str, size: int) -> ImageFont.FreeTypeFont:
    """The first font that has every character of the text, else the first one."""
    first = ImageFont.truetype(_dejavu(), size)
    if _has_all(first, text):
        return first
    others = (ImageFont.truetype(name, size) for name in _installed())
    return next((font for font in others if _has_all(font, text)), first)


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    """Which of the system's fonts this machine has; asking searches all of its font folders."""
    found = []
    for name in _SYSTEM_FONTS:
        with suppress(OSError):
            ImageFont.truetype(name)
            found.append(name)
    return tuple(found)


def _has_all(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """Whether the font has a glyph for each character: missing ones look like that of no character."""
    missing = bytes(font.getmask("\uffff"))
    return all(char.isspace() or bytes(font.getmask(char)) != missing for char in text)


@lru_cache(maxsize=1)
def _dejavu() -> str:
    """DejaVu Sans (Latin, Greek, Cyrillic, Hebrew, Arabic …), which Matplotlib brings along.

    Pillow's own font has little beyond ASCII. Matplotlib itself is not imported.
    """
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")
