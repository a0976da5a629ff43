"""Which face of a picture with several is used, and why, in words."""

import math
from collections.abc import Sequence

from facenet_app.domain import DetectedFace, FaceNumber, Selection
from facenet_app.errors import UsageError

__all__ = ["select"]


def select(
    faces: Sequence[DetectedFace], selection: Selection | FaceNumber, width: int, height: int
) -> tuple[tuple[DetectedFace, ...], str]:
    """The faces to use, best first, and a phrase that says why.

    Args:
        faces: what the detector found; not empty.
        selection: the policy, or the number of a face.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Raises:
        UsageError: there is no face of that number.
    """
    from_left = tuple(sorted(faces, key=lambda face: face.box.left))
    if isinstance(selection, FaceNumber):
        if not 1 <= selection.number <= len(faces):
            raise UsageError(
                f"face {selection.number} was asked for, and the number of faces found is {len(faces)}",
                "faces are counted from the left, beginning with 1",
            )
        return (from_left[selection.number - 1],), f"face {selection.number} from the left was asked for"
    if selection is Selection.ALL:
        return from_left, "all faces are used, from left to right"
    if len(faces) == 1:
        return tuple(faces), "the only face was used"

    def off_center(face: DetectedFace) -> float:
        x, y = face.box.center
        return math.hypot(x - width / 2, y - height / 2)

    if selection is Selection.LARGEST:
        return (max(faces, key=lambda face: face.box.area),), "the largest face was used"
    if selection is Selection.MOST_CENTRAL:
        return (min(faces, key=off_center),), "the most central face was used"
    # A face half a picture away from the center counts as half as large. On LFW, where the person
    # meant is in the middle, this is right as often as taking the most central face, and it does
    # not prefer a passer-by in the exact middle to the large face beside.
    half = max(1, min(width, height)) / 2
    best = max(faces, key=lambda face: face.box.area / (1 + off_center(face) / half) ** 2)
    return (best,), "the most prominent face (large and central) was used"
