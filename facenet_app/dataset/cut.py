"""From a picture file to the square that is packed: a face that was found and aligned, or all of it."""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facenet_app.dataset.square import resized
from facenet_app.detection.base import FaceDetector
from facenet_app.domain import Selection
from facenet_app.errors import FaceError, ImageError
from facenet_app.extraction import FaceFinder
from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.imaging.limits import read_file
from facenet_app.imaging.quality import QualityLimits

__all__ = ["CutFaces", "CutWhole", "Cutter", "PackedPicture", "Refused", "cut_file"]

JPEG_QUALITY: Final = 95
NO_LIMITS: Final = QualityLimits(0, 0)
"""Training learns from poor faces, too, and `data check` lists them."""


@dataclass(frozen=True, slots=True)
class PackedPicture:
    """A picture as it goes into a pack: the file's bytes, how its name ends, and what is known of it."""

    data: bytes
    suffix: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a picture does not go into a pack: a stable code and a sentence."""

    code: str
    message: str


class Cutter(Protocol):
    """Makes squares of one size from pictures."""

    limits: ImageLimits

    def cut(self, data: bytes) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """RGB uint8 (side, side, 3), and facts to keep. Raises ImageError or FaceError."""
        ...


class CutFaces:
    """Finds the prominent face and aligns it."""

    def __init__(
        self,
        open_detector: Callable[[], FaceDetector],
        alignment: str,
        image_limits: ImageLimits,
    ) -> None:
        self.limits = image_limits
        self._finder = FaceFinder(open_detector(), alignment, image_limits, NO_LIMITS)

    def cut(self, data: bytes) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """See :meth:`Cutter.cut`."""
        found = self._finder.find(data, Selection.PROMINENT)
        face, crop, _ = found.faces[0]
        return crop.pixels, {**face.to_dict(), "faces_found": found.found}


class CutWhole:
    """Takes the whole picture, whatever it shows, stretched to a square."""

    def __init__(self, side: int, limits: ImageLimits) -> None:
        self.side, self.limits = side, limits

    def cut(self, data: bytes) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """See :meth:`Cutter.cut`."""
        pixels = decode(data, self.limits)
        height, width = pixels.shape[:2]
        return resized(pixels, self.side), {"width": width, "height": height}


def cut_file(cutter: Cutter, path: Path, *, lossless: bool) -> PackedPicture | Refused:
    """The square of one file, as JPEG of quality 95 with all of its color, or as PNG."""
    try:
        # The bytes are handed on, not the path: messages shall be the same wherever the folder is.
        data = read_file(path, "the picture", cutter.limits.max_bytes)
        pixels, facts = cutter.cut(data)
    except (ImageError, FaceError) as error:
        return Refused(error.code, str(error))
    facts["sha256"] = hashlib.sha256(data).hexdigest()
    return PackedPicture(_encoded(pixels, lossless), "png" if lossless else "jpg", facts)


def _encoded(pixels: NDArray[np.uint8], lossless: bool) -> bytes:
    file = io.BytesIO()
    if lossless:
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    else:
        Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return file.getvalue()
