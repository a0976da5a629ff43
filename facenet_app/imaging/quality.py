"""How good a face picture is, and what to do about it.

Two measurements decide: the distance between the eyes (ISO/IEC 29794-5 calls it inter-eye
distance) and the sharpness of the aligned crop. Reason codes are stable; ``ADVICE`` says what each
means for a person.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import DetectedFace, FaceCrop, Quality

__all__ = ["ADVICE", "QualityLimits", "assess", "sharpness"]

FACE_TOO_SMALL = "face_too_small"
FACE_BLURRED = "face_blurred"

ADVICE = {
    FACE_TOO_SMALL: "the face is too small in the picture: come closer or use a larger picture",
    FACE_BLURRED: "the face is blurred: hold still, clean the lens or use more light",
}
"""What each reason code means, and what helps."""


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Least distance between the eyes in pixels of the picture, and least :func:`sharpness`."""

    min_eye_distance: float
    min_sharpness: float


def assess(face: DetectedFace, crop: FaceCrop, limits: QualityLimits) -> Quality:
    """The quality of one face, with the reasons why it is too poor, if it is."""
    eyes, sharp = face.landmarks.eye_distance, sharpness(crop.pixels)
    reasons = []
    if eyes < limits.min_eye_distance:
        reasons.append(FACE_TOO_SMALL)
    if sharp < limits.min_sharpness:
        reasons.append(FACE_BLURRED)
    return Quality(eye_distance=eyes, sharpness=sharp, reasons=tuple(reasons))


def sharpness(pixels: NDArray[np.uint8]) -> float:
    """Fine detail in the middle of a crop relative to its contrast, in percent; 0 for a flat one.

    The standard deviation of the Laplacian of Gaussian (Marr and Hildreth 1980, sigma one pixel:
    without the smoothing, rounding to 8 bits alone looks like detail) over that of the brightness
    itself, so that more or less light and contrast do not change it. Only the middle half counts,
    where the face is, not the background. Compare crops of one size: what is fine depends on it.
    """
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1), cv2.CV_32F)
    rows, columns = gray.shape[0] // 4, gray.shape[1] // 4
    middle = np.s_[rows : gray.shape[0] - rows, columns : gray.shape[1] - columns]
    contrast = float(gray[middle].std())
    return 100 * float(detail[middle].std()) / contrast if contrast > 0 else 0.0
