"""Pictures inside the page: photos with boxes, crops, and the scale with distance and threshold.

Pictures go into the HTML itself, so no file of them is left behind on the server.
"""

import base64
import io
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from facenet_app.domain import DetectedFace, FaceCrop
from facenet_app.imaging.draw import draw_faces
from facenet_app.web import text

__all__ = ["AMBER", "BLUE", "GRAY", "GREEN", "crop_image", "distance_scale", "photo_image"]

Color = tuple[int, int, int]

GREEN: Color = (22, 163, 74)
AMBER: Color = (217, 119, 6)
BLUE: Color = (37, 99, 235)
GRAY: Color = (148, 163, 184)

PHOTO_SIDE = 960
"""Pixels of the long side of a photo on the page."""

LONGEST_DISTANCE = 2.0


def photo_image(
    pixels: NDArray[np.uint8], faces: Sequence[tuple[DetectedFace, str, Color]], alt: str
) -> Markup:
    """A photo with its faces boxed and labeled, as an ``<img>``.

    Args:
        pixels: RGB uint8 (height, width, 3).
        faces: a face, its label, its RGB color.
        alt: what it shows, in words.
    """
    drawn = draw_faces(pixels, faces, max_side=PHOTO_SIDE)
    return Markup('<img class="fa-photo" src="{}" alt="{}">').format(_data_uri(drawn, "JPEG"), alt)


def crop_image(crop: FaceCrop | None, alt: str) -> Markup:
    """An aligned face as an ``<img>``, or words where the gallery keeps no crops."""
    if crop is None:
        return Markup('<span class="fa-no-crop">{}</span>').format(text.NO_CROP)
    return Markup('<img class="fa-crop" src="{}" alt="{}">').format(_data_uri(crop.pixels, "PNG"), alt)


def _data_uri(pixels: NDArray[np.uint8], kind: str) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=88)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def distance_scale(distance: float, threshold: float) -> Markup:
    """The scale from 0 to 2: zones of both decisions, the threshold, and the distance marked."""
    shown, limit = text.told_apart(distance, threshold)
    zones = Markup(
        '<div class="fa-zones"><span class="fa-zone-match" style="width:{:.2f}%">{}</span>'
        '<span class="fa-zone-non-match">{}</span></div>'
    ).format(_percent(threshold), text.ZONE_MATCH, text.ZONE_NON_MATCH)
    return Markup(
        '<div class="fa-scale" role="img" aria-label="{label}">'
        '<span class="fa-distance" style="--at:{at:.2f}%">{shown}</span>{zones}'
        '<i class="fa-mark fa-mark-threshold" style="--at:{end:.2f}%"></i>'
        '<i class="fa-mark fa-mark-distance" style="--at:{at:.2f}%"></i>'
        '<span class="fa-threshold" style="--at:{end:.2f}%">{word} {limit}</span>'
        '<span class="fa-end fa-start">0</span><span class="fa-end">2</span></div>'
    ).format(
        label=text.scale_label(distance, threshold),
        at=_percent(distance),
        shown=shown,
        zones=zones,
        end=_percent(threshold),
        limit=limit,
        word=text.THRESHOLD,
    )


def _percent(distance: float) -> float:
    return 100 * min(max(distance, 0.0), LONGEST_DISTANCE) / LONGEST_DISTANCE
