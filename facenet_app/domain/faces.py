"""Faces of a picture: found, chosen, aligned, judged, embedded."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "HALF_MARK",
    "MIRROR_MARK",
    "BoundingBox",
    "DetectedFace",
    "Embedding",
    "ExtractedFace",
    "Extraction",
    "FaceCrop",
    "FaceNumber",
    "Landmarks",
    "Quality",
    "Selection",
    "source_name",
]


class Selection(StrEnum):
    """Which face of a picture with several is used."""

    PROMINENT = "prominent"
    """Large and central: what a photographer meant. The default."""
    LARGEST = "largest"
    MOST_CENTRAL = "most-central"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class FaceNumber:
    """A face that somebody chose: the ``number``-th from the left, beginning with 1."""

    number: int

    @property
    def value(self) -> str:
        """As result documents name it, where else the name of a :class:`Selection` stands."""
        return f"number {self.number}"


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """An upright rectangle in pixels; it may reach beyond the picture."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def to_dict(self) -> dict[str, float]:
        return {
            "left": round(self.left, 1),
            "top": round(self.top, 1),
            "width": round(self.width, 1),
            "height": round(self.height, 1),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Five points, float32 (5, 2), as (x, y) in pixels.

    Order: the viewer's left eye, right eye, nose tip, left and right corner of the mouth.
    """

    points: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.points.shape != (5, 2):
            raise ValueError(f"five landmarks (5, 2) expected, got {self.points.shape}")

    @property
    def eye_distance(self) -> float:
        """Distance between the eyes in pixels (ISO/IEC 29794-5: inter-eye distance)."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    def to_list(self) -> list[list[float]]:
        return [[round(float(x), 1), round(float(y), 1)] for x, y in self.points]


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """A face found in a picture; ``score`` is the detector's own, 0 … 1."""

    box: BoundingBox
    landmarks: Landmarks
    score: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "box": self.box.to_dict(),
            "landmarks": self.landmarks.to_list(),
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """An aligned face: RGB uint8 (height, width, 3), and the alignment that made it."""

    pixels: NDArray[np.uint8]
    alignment: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a face picture is: measurements, and the reason codes of what is wrong with it.

    ``eye_distance`` is in pixels of the original picture; ``sharpness``, ``exposure`` (0 … 1) and
    ``pose`` (0 from the front) are described in :mod:`facenet_app.imaging.face_measures`, the joint
    ``score`` (0 … 1) in :mod:`facenet_app.imaging.quality_score`. None: not measured when it was stored;
    the first two are None only for samples that came without a picture.
    """

    eye_distance: float | None
    sharpness: float | None
    reasons: tuple[str, ...] = ()
    exposure: float | None = None
    pose: float | None = None
    score: float | None = None

    @property
    def usable(self) -> bool:
        return not self.reasons

    def to_dict(self) -> dict[str, Any]:
        return {
            "eye_distance": None if self.eye_distance is None else round(self.eye_distance, 1),
            "sharpness": None if self.sharpness is None else round(self.sharpness, 2),
            "exposure": None if self.exposure is None else round(self.exposure, 3),
            "pose": None if self.pose is None else round(self.pose, 3),
            "score": None if self.score is None else round(self.score, 3),
            "reasons": list(self.reasons),
        }


MIRROR_MARK: Final = "-mirror"
"""In a fingerprint if the mirrored crop was averaged in."""
HALF_MARK: Final = "-half"
"""In a fingerprint if half precision was used."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A point on the unit sphere: float32 (dimension,), L2 norm 1.

    ``fingerprint`` names the weights and the preprocessing that made it. Two embeddings may be
    compared only if their fingerprints are equal.
    """

    vector: NDArray[np.float32]
    fingerprint: str


@dataclass(frozen=True, slots=True, eq=False)
class ExtractedFace:
    """One face on its way through the pipeline: found, aligned, judged and embedded."""

    face: DetectedFace
    crop: FaceCrop
    quality: Quality
    embedding: Embedding

    def to_dict(self) -> dict[str, Any]:
        return {**self.face.to_dict(), "quality": self.quality.to_dict()}


@dataclass(frozen=True, slots=True, eq=False)
class Extraction:
    """All that one picture gave.

    ``pixels`` is the decoded picture, RGB uint8 (height, width, 3). ``faces`` holds the selected
    faces, best first; ``found`` how many there were in all. ``used_because`` says in words why
    this face and not another one.
    """

    pixels: NDArray[np.uint8]
    faces: tuple[ExtractedFace, ...]
    found: int
    selection: Selection | FaceNumber
    used_because: str

    @property
    def face(self) -> ExtractedFace:
        return self.faces[0]

    def to_dict(self) -> dict[str, Any]:
        """The face used, as every result document shows it."""
        height, width = self.pixels.shape[:2]
        return {
            **self.face.to_dict(),
            "image": {"width": width, "height": height},
            "faces_found": self.found,
            "selection": self.selection.value,
            "used_because": self.used_because,
        }


def source_name(source: object) -> str:
    """How a picture handed in is called in messages: its path, or "the picture" for bytes."""
    return str(source) if isinstance(source, str | Path) else "the picture"
