"""What a detector is, and the scaling that all of them share."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import BoundingBox, DetectedFace, Landmarks

__all__ = ["DetectorSettings", "FaceDetector", "Network", "NetworkFaces", "ScaledDetector"]

NetworkFaces = NDArray[np.float32]
"""(N, 15): left, top, width, height, five landmarks as x, y, score; the order of YuNet's rows."""


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """How to look for faces.

    Attributes:
        min_score: least score of a face, 0 … 1.
        smallest_face: least height in pixels of a face, smaller ones are ignored; None = whatever can be
            found with the picture scaled to ``side``.
        side: long side in pixels to which larger pictures are scaled, if ``smallest_face`` is None.
    """

    min_score: float = 0.5
    smallest_face: int | None = None
    side: int = 640


class FaceDetector(Protocol):
    """Finds faces. Safe to call from several threads."""

    name: str

    def detect(self, pixels: NDArray[np.uint8]) -> list[DetectedFace]:
        """Faces of an RGB uint8 (height, width, 3) picture, best score first; may be empty."""
        ...


class Network(Protocol):
    """The network of a detector, which sees faces from ``smallest`` pixels of height upwards."""

    name: str
    smallest: int

    def find(self, pixels: NDArray[np.uint8]) -> NetworkFaces:
        """Faces of an RGB picture, in its own pixels."""
        ...


class ScaledDetector:
    """Looks at a picture at the size that suits the network, and looks again before giving up.

    A large picture is scaled down for finding faces only. If none is found, the picture is looked
    at again small and with a margin: then a face that fills the frame, or is cut by it, can be
    found too.
    """

    def __init__(self, network: Network, settings: DetectorSettings) -> None:
        self.name = network.name
        self._network = network
        self._settings = settings

    def detect(self, pixels: NDArray[np.uint8]) -> list[DetectedFace]:
        faces = self._look(pixels, self._scale(pixels), margin=0)
        if not faces:
            height, width = pixels.shape[:2]
            margin = max(height, width) // 2
            scale = min(1.0, SECOND_LOOK / (max(height, width) + 2 * margin))
            faces = self._look(pixels, scale, margin)
        return sorted(faces, key=lambda face: face.score, reverse=True)

    def _scale(self, pixels: NDArray[np.uint8]) -> float:
        long_side = max(pixels.shape[:2])
        smallest_face = self._settings.smallest_face
        if smallest_face is None:
            return min(1.0, self._settings.side / float(long_side))
        # Not below the size at which faces that fill a picture are found, which costs next to nothing.
        return min(1.0, max(self._network.smallest / smallest_face, SECOND_LOOK / float(long_side)))

    def _look(self, pixels: NDArray[np.uint8], scale: float, margin: int) -> list[DetectedFace]:
        height, width = pixels.shape[:2]
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            seen = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        else:
            seen = pixels
        # Width and height are rounded on their own: each axis has its own exact factor.
        factor = np.array([width / seen.shape[1], height / seen.shape[0]], np.float32)
        border = round(margin * scale)
        if border:
            seen = cv2.copyMakeBorder(seen, border, border, border, border, cv2.BORDER_CONSTANT, value=GRAY)
        rows = self._network.find(np.ascontiguousarray(seen, np.uint8))
        smallest = self._settings.smallest_face or 0
        faces = [self._face(row, factor, border) for row in rows if row[14] >= self._settings.min_score]
        return [face for face in faces if face.box.height >= smallest]

    @staticmethod
    def _face(row: NDArray[np.float32], factor: NDArray[np.float32], border: int) -> DetectedFace:
        # cv2.resize keeps the pictures' edges together, and pixel centres are whole numbers here.
        points = (row[4:14].reshape(5, 2) - border + 0.5) * factor - 0.5
        left, top = (row[:2] - border + 0.5) * factor - 0.5
        width, height = row[2:4] * factor
        return DetectedFace(
            box=BoundingBox(float(left), float(top), float(width), float(height)),
            landmarks=Landmarks(points.astype(np.float32)),
            score=float(row[14]),
        )


GRAY = (127, 127, 127)
SECOND_LOOK = 320
"""Long side in pixels of the second look; with its margin the picture takes half of that."""
