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

EMPTY = Markup("")
MARK = Markup('<i class="fa-mark fa-mark-threshold" style="--at:{:.2f}%"></i>')


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


def distance_scale(distance: float, threshold: float, review: float | None = None) -> Markup:
    """The scale from 0 to 2: the zones of the decisions, their thresholds, and the distance marked.

    ``review`` is the larger threshold up to which a person should look, if there is such a band.
    """
    shown, limit = text.told_apart(distance, threshold)
    end, last = _percent(threshold), _percent(threshold if review is None else review)
    legend = f"{text.THRESHOLD} {limit}"
    if review is not None:
        legend += f", {text.REVIEW_TO} {text.told_apart(distance, review)[1]}"
    return Markup(
        '<div class="fa-scale" role="img" aria-label="{label}">'
        '<span class="fa-distance" style="--at:{at:.2f}%">{shown}</span>'
        '<div class="fa-zones"><span class="fa-zone-match" style="width:{end:.2f}%">{match}</span>{between}'
        '<span class="fa-zone-non-match">{non_match}</span></div>{marks}'
        '<i class="fa-mark fa-mark-distance" style="--at:{at:.2f}%"></i>'
        '<span class="fa-threshold" style="--at:{end:.2f}%">{legend}</span>'
        '<span class="fa-end fa-start">0</span><span class="fa-end">2</span></div>'
    ).format(
        label=text.scale_label(distance, threshold, review),
        at=_percent(distance),
        shown=shown,
        match=text.ZONE_MATCH,
        between=EMPTY if review is None else _review_zone(last - end),
        non_match=text.ZONE_NON_MATCH,
        end=end,
        marks=EMPTY.join(MARK.format(at) for at in dict.fromkeys((end, last))),
        legend=legend,
    )


def _review_zone(width: float) -> Markup:
    # A band is often narrower than any word: what it is says the tooltip, and the legend beneath.
    return Markup('<span class="fa-zone-review" style="width:{:.2f}%" title="{}">?</span>').format(
        width, text.ZONE_REVIEW
    )


def _percent(distance: float) -> float:
    return 100 * min(max(distance, 0.0), LONGEST_DISTANCE) / LONGEST_DISTANCE
