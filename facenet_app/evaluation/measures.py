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
    Measure("quality", "Quality score (all others joined)", "0 to 1"),
    Measure("eye_distance", "Distance between the eyes", "pixels"),
    Measure("sharpness", "Sharpness of the aligned face", "% of contrast"),
    Measure("detector_score", "Score of the detector", "0 to 1"),
    Measure("exposure", "Exposure: pixels neither black nor white", "share of 1"),
    Measure("pose", "Pose: turned or nodding (foreshortening)", "0 from the front", False),
)
"""The columns of :func:`measure`, in order."""


def measure(face: ExtractedFace) -> NDArray[np.float32]:
    """float32 (Q,), one value for each of ``MEASURES``; NaN for what was not measured."""
    quality = face.quality
    values = (
        quality.score,
        quality.eye_distance,
        quality.sharpness,
        face.face.score,
        quality.exposure,
        quality.pose,
    )
    return np.array([np.nan if value is None else value for value in values], np.float32)
