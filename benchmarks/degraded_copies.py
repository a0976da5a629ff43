"""Copies of labelled folders as bad cameras, hard compression and masks would have made them.

    python benchmarks/degraded_copies.py people/ /tmp/degraded
    facenet-app evaluate --folders /tmp/degraded/mask --model sface --model runs/mine

Writes OUT/low (faces 24 pixels wide, enlarged again), OUT/jpeg (quality 8) and OUT/mask (the lower face
behind a polygon in the color of a surgical mask, through the landmarks). Deterministic. A picture without
a face is copied as it is into ``low`` and ``mask``: whoever evaluates counts it as not acquired.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from facenet_app.bootstrap import open_detector
from facenet_app.detection.select import select
from facenet_app.domain import DetectedFace, Selection
from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.settings import load_settings
from facenet_app.weights.manifest import load_manifest

Pixels = NDArray[np.uint8]

LIMITS = ImageLimits(max_bytes=50_000_000, max_pixels=100_000_000)
LOW = 24
"""Pixels from ear to ear, about: the width of the detector's box."""
QUALITY = 8
MASK = (176, 206, 214)


def low(pixels: Pixels, face: DetectedFace) -> Pixels:
    """The picture with so few pixels that the face is ``LOW`` wide, at its old size."""
    factor = min(1.0, LOW / face.box.width)
    height, width = pixels.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def masked(pixels: Pixels, face: DetectedFace) -> Pixels:
    """The picture with nose, mouth and chin covered."""
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks.points.astype(np.float64)
    across, down = right_eye - left_eye, (left_mouth + right_mouth - left_eye - right_eye) / 2
    middle = (left_eye + right_eye) / 2
    bridge = 0.4 * nose + 0.6 * middle
    outline = [
        bridge,
        middle + 0.95 * across + 0.45 * down,
        middle + 0.8 * across + 1.25 * down,
        middle + 0.3 * across + 1.75 * down,
        middle - 0.3 * across + 1.75 * down,
        middle - 0.8 * across + 1.25 * down,
        middle - 0.95 * across + 0.45 * down,
    ]
    covered = pixels.copy()
    cv2.fillPoly(covered, [np.round(outline).astype(np.int32)], MASK, lineType=cv2.LINE_AA)
    return covered


def write(path: Path, pixels: Pixels, quality: int = 95) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    good, data = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise SystemExit(f"{path} cannot be encoded")
    path.write_bytes(data.tobytes())


def main() -> int:
    """Write the copies of every picture in the folders."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("people", type=Path, help="folder with one folder of pictures a person")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detector = open_detector(load_manifest("sface"), load_settings())
    pictures = sorted(path for path in options.people.glob("*/*") if path.is_file())
    for picture in track(pictures, "copying", disable=not sys.stderr.isatty()):
        pixels = decode(picture, LIMITS)
        name = picture.relative_to(options.people).with_suffix(".jpg")
        write(options.out / "jpeg" / name, pixels, QUALITY)
        faces = detector.detect(pixels)
        if faces:
            (face,), _ = select(faces, Selection.PROMINENT, pixels.shape[1], pixels.shape[0])
            worse = {"low": low(pixels, face), "mask": masked(pixels, face)}
        else:
            worse = {"low": pixels, "mask": pixels}
        for kind, changed in worse.items():
            write(options.out / kind / name, changed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
