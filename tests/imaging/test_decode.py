"""Pictures from files and bytes: what can be handed in, and what comes out."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from imaging_types import Difference, Encode
from numpy.typing import NDArray
from PIL import Image

from facenet_app.imaging.decode import PICTURE_SUFFIXES, ImageLimits, decode


def test_path_text_bytes_and_pil_image_give_the_same_pixels(hopper: Path, limits: ImageLimits) -> None:
    first = decode(hopper, limits)
    assert first.shape == (600, 512, 3)
    assert first.flags.c_contiguous
    assert first.flags.writeable
    with Image.open(hopper) as image:
        for source in (str(hopper), hopper.read_bytes(), image):
            np.testing.assert_array_equal(decode(source, limits), first)


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES))
def test_every_suffix_is_of_a_format_that_is_read(
    suffix: str,
    tmp_path: Path,
    face: Image.Image,
    pixels: NDArray[np.uint8],
    limits: ImageLimits,
    difference: Difference,
) -> None:
    path = tmp_path / f"face{suffix}"
    face.save(path, quality=95)
    assert difference(decode(path, limits), pixels) < 3


def test_the_format_is_told_from_the_bytes_not_the_name(
    tmp_path: Path, face: Image.Image, pixels: NDArray[np.uint8], encode: Encode, limits: ImageLimits
) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(encode(face, "PNG"))
    np.testing.assert_array_equal(decode(path, limits), pixels)


@pytest.mark.parametrize("name", ["Łukasz Åse 王小明.png", "👩‍🚀 face.png", "a b'c\"d%20.png"])
def test_any_file_name_works(
    name: str,
    tmp_path: Path,
    face: Image.Image,
    pixels: NDArray[np.uint8],
    encode: Encode,
    limits: ImageLimits,
) -> None:
    path = tmp_path / name
    path.write_bytes(encode(face, "PNG"))
    np.testing.assert_array_equal(decode(path, limits), pixels)
    np.testing.assert_array_equal(decode(str(path), limits), pixels)


def test_a_plain_jpeg_has_the_pixels_that_pillow_gives(
    hopper: Path, limits: ImageLimits, face: Image.Image, encode: Encode
) -> None:
    files = [hopper.read_bytes()]
    files += [encode(face, "JPEG", subsampling=way, progressive=way == 1) for way in (0, 1, 2)]
    files += [encode(face, "JPEG", keep_rgb=True), encode(face.convert("L"), "JPEG")]
    for file in files:
        with Image.open(io.BytesIO(file)) as image:
            by_pillow = np.asarray(image.convert("RGB"), dtype=np.int16)
        assert np.abs(decode(file, limits) - by_pillow).max() <= 2


@pytest.mark.lfw
def test_lfw_pictures_are_read_as_opencv_reads_them(lfw: Path, limits: ImageLimits) -> None:
    for number in range(1, 6):
        path = lfw / "George_W_Bush" / f"George_W_Bush_{number:04d}.jpg"
        by_opencv = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        assert by_opencv is not None
        np.testing.assert_array_equal(decode(path, limits), by_opencv)


def test_threads_give_what_one_gives(
    face: Image.Image, encode: Encode, limits: ImageLimits, hopper: Path
) -> None:
    files = [encode(face, kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF")]
    files += [encode(face.convert("CMYK"), "JPEG"), encode(face.convert("P"), "PNG"), hopper.read_bytes()]
    alone = [decode(file, limits) for file in files]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for one, other in zip(alone, pool.map(lambda file: decode(file, limits), files), strict=True):
                np.testing.assert_array_equal(one, other)
