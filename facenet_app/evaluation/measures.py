"""What is measured of every face picture, to see whether errors come with it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import ExtractedFace

__all__ = ["MEASURES", "Measure", "measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measurement: stable name, words for people, unit, and whether more of it is better."""

    name: str
    label: str
    unit: str
    more_is_better: bool = True


MEASURES: Final = (
    Measure("eye_distance", "Distance between the eyes", "pixels"),
    Measure("sharpness", "Sharpness of the aligned face", "% of contrast"),
    Measure("detector_score", "Score of the detector", "0 to 1"),
    Measure("face_height", "Height of the face", "pixels"),
    Measure("turn", "Head turned: nose off the middle of the eyes", "% of eye distance", False),
    Measure("roll", "Head tilted: eyes off the horizontal", "degrees", False),
)
"""The columns of :func:`measure`, in order."""


def measure(face: ExtractedFace) -> NDArray[np.float32]:
    """float32 (Q,), one value for each of ``MEASURES``, in pixels of the original picture.

    ``turn`` takes the place of the yaw angle, which five points in one plane do not give: how far
    the nose is from the perpendicular through the middle of the eyes, in percent of their distance.
    It is 0 for a face seen from the front.
    """
    left, right, nose = (point.astype(np.float64) for point in face.face.landmarks.points[:3])
    axis = right - left
    length = max(float(np.hypot(*axis)), 1e-6)  # a detector may put both eyes on one pixel
    off_middle = abs(float((nose - (left + right) / 2) @ axis)) / length**2
    values = (
        face.quality.eye_distance,
        face.quality.sharpness,
        face.face.score,
        face.face.box.height,
        100 * off_middle,
        abs(float(np.degrees(np.arctan2(axis[1], axis[0])))),
    )
    return np.array(values, np.float32)
