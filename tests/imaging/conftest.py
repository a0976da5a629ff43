"""Real faces in every form a picture can come in."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imaging_types import Difference, Encode, PngChunk
from numpy.typing import NDArray
from PIL import Image

from facenet_app.imaging.decode import ImageLimits


@pytest.fixture(scope="session")
def limits() -> ImageLimits:
    return ImageLimits(max_bytes=40_000_000, max_pixels=80_000_000)


@pytest.fixture(scope="session")
def face(astronaut: Path) -> Image.Image:
    """Eileen Collins's head and shoulders, RGB, 240 wide and 200 high."""
    with Image.open(astronaut) as image:
        return image.convert("RGB").crop((100, 20, 340, 220))


@pytest.fixture(scope="session")
def pixels(face: Image.Image) -> NDArray[np.uint8]:
    return np.array(face)


@pytest.fixture(scope="session")
def encode() -> Encode:
    """``encode(image, "PNG", **options)``: the bytes of a file."""

    def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def png_chunk() -> PngChunk:
    """``png_chunk(b"tEXt", body)``: a chunk with its length and checksum."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))

    return chunk


@pytest.fixture(scope="session")
def difference() -> Difference:
    """The mean absolute difference in levels, and that both are pictures of the same shape."""

    def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
        for array in (one, other):
            assert array.dtype == np.uint8
            assert array.flags.c_contiguous
        assert one.shape == other.shape
        return float(np.abs(one.astype(np.int16) - other).mean())

    return difference
