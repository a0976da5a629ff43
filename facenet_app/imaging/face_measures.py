"""What can be measured of one face: sharpness and exposure of its aligned crop, pose of its landmarks."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Landmarks

__all__ = ["clipped", "foreshortening", "sharpness"]

BLACK, WHITE = 10, 250
"""Gray levels (0 … 255) up to which, and from which on, a pixel is taken for clipped."""


def sharpness(pixels: NDArray[np.uint8]) -> float:
    """Fine detail in the middle of a crop relative to its contrast, in percent; 0 for a flat one.

    The standard deviation of the Laplacian of Gaussian (Marr and Hildreth 1980, sigma one pixel:
    without the smoothing, rounding to 8 bits alone looks like detail) over that of the brightness
    itself, so that more or less light and contrast do not change it. Only the middle half counts,
    where the face is, not the background. Compare crops of one size: what is fine depends on it.
    """
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1), cv2.CV_32F)
    contrast = float(_middle(gray).std())
    return 100 * float(_middle(detail).std()) / contrast if contrast > 0 else 0.0


def clipped(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """The shares (0 … 1) of pixels in the middle of a crop that are black, and that are white.

    What is clipped tells nothing of the face. How dark or light a face is makes no difference as
    long as it is not clipped: skin is no error of exposure.
    """
    gray = _middle(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)))
    return float(np.mean(gray <= BLACK)), float(np.mean(gray >= WHITE))


def foreshortening(landmarks: Landmarks) -> float:
    """How far a face is turned or nods, 0 (seen from the front) and up, whatever its size and roll.

    The eyes of most faces are as far apart as the middle of the eyes is from that of the mouth: on
    LFW the median ratio is 1.00. Turning makes the one shorter, nodding the other. This is the
    logarithm of the ratio, without its sign; the angles themselves five points do not give.
    """
    points = landmarks.points.astype(np.float64)
    left, right, _, *mouth = points
    across = float(np.hypot(*(right - left)))
    down = float(np.hypot(*(sum(mouth) / 2 - (left + right) / 2)))
    # A detector may put points on one pixel; e**3 is 20 times as long as wide.
    return min(3.0, abs(math.log(max(down, 1e-6) / max(across, 1e-6))))


def _middle(gray: NDArray[Any]) -> NDArray[Any]:
    rows, columns = gray.shape[0] // 4, gray.shape[1] // 4
    return gray[rows : gray.shape[0] - rows, columns : gray.shape[1] - columns]
