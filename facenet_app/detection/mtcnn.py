"""MTCNN of facenet-pytorch, with the weights of its wheel.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", IEEE SPL 2016. Slower than YuNet; the detector that the FaceNet models were trained with.
"""

import threading

import numpy as np
import torch
from numpy.typing import NDArray

from facenet_app.detection.base import NetworkFaces

__all__ = ["MtcnnNetwork"]


class MtcnnNetwork:
    """The cascade, on the CPU, one call at a time."""

    name = "mtcnn"
    smallest = 20  # pixels; the cascade's first stage slides a window of 12 over a pyramid from here

    def __init__(self) -> None:
        from facenet_pytorch import MTCNN

        self._mtcnn = MTCNN(keep_all=True, min_face_size=self.smallest, device="cpu")
        self._lock = threading.Lock()

    def find(self, pixels: NDArray[np.uint8]) -> NetworkFaces:
        # The cascade's windows must fit into the picture, else its convolutions fail.
        if min(pixels.shape[:2]) < self.smallest:
            return np.empty((0, 15), np.float32)
        with self._lock, torch.inference_mode():
            boxes, scores, points = self._mtcnn.detect(pixels, landmarks=True)
        if boxes is None:
            return np.empty((0, 15), np.float32)
        boxes = np.asarray(boxes, np.float32)
        rows = (
            boxes[:, :2],
            boxes[:, 2:] - boxes[:, :2],
            np.reshape(points, (-1, 10)),
            np.reshape(scores, (-1, 1)),
        )
        return np.hstack(rows).astype(np.float32)
