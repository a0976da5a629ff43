"""Files that hold more than one picture, or a picture in an unusual wrapping."""

import struct

import numpy as np
import pytest
from imaging_types import Encode
from numpy.typing import NDArray
from PIL import Image
from tiff_files import gray_tiff, tiff

from facenet_app.errors import ImageTooLarge, UnsupportedImage
from facenet_app.imaging.decode import ImageLimits, decode

Pixels = NDArray[np.uint8]


def test_the_first_page_is_taken(
    face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    other = Image.new("RGB", (30, 30), "red")
    np.testing.assert_array_equal(
        decode(encode(face, "TIFF", save_all=True, append_images=[other]), limits), pixels
    )


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_the_first_frame_is_taken(
    kind: str, face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    other = Image.new("RGB", face.size, "red")
    file = encode(face, kind, save_all=True, append_images=[other], lossless=True)
    np.testing.assert_array_equal(decode(file, limits), pixels)


def test_a_phone_picture_with_a_second_one_attached(
    face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    file = encode(face, "MPO", save_all=True, append_images=[Image.new("RGB", (30, 30), "red")], quality=90)
    np.testing.assert_array_equal(decode(file, limits), decode(encode(face, "JPEG", quality=90), limits))


def test_a_raw_file_is_not_taken_for_its_preview(limits: ImageLimits) -> None:
    file = bytearray(gray_tiff([1, 2], 8, 1, b"\1\2"))
    assert decode(bytes(file), limits).shape == (1, 2, 3)
    preview = {254: (4, 1), 256: (4, 2), 257: (4, 1), 258: (3, 8), 259: (3, 1), 262: (3, 1), 277: (3, 1)}
    with pytest.raises(UnsupportedImage, match="raw file"):
        decode(tiff(preview, b"\1\2"), limits)


def test_tiff_tiles_count_against_the_limit(limits: ImageLimits) -> None:
    tags = {256: (4, 2), 257: (4, 1), 258: (3, 8), 259: (3, 5), 262: (3, 1), 277: (3, 1)}
    tags |= {322: (4, 60_000), 323: (4, 60_000), 324: (4, 8), 325: (4, 2)}
    with pytest.raises(ImageTooLarge, match="60,000 × 60,000"):
        decode(tiff(tags, b"\1\2"), limits)


def test_run_lengths_in_a_bmp_are_refused(encode: Encode, face: Image.Image, limits: ImageLimits) -> None:
    file = bytearray(encode(face.quantize(16), "BMP"))
    file[30:34] = struct.pack("<L", 1)
    with pytest.raises(UnsupportedImage, match="run-length"):
        decode(bytes(file), limits)
