"""How many threads OpenCV uses."""

import cv2

__all__ = ["use_threads"]


def use_threads(count: int) -> None:
    """Let OpenCV use so many threads in this process: one, where processes share the cores."""
    cv2.setNumThreads(count)
