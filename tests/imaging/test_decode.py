"""What can be handed in, what comes out, and the error of every wrong input."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from imaging_types import Difference, Encode
from numpy.typing import NDArray
from PIL import Image

from facenet_app.errors import (
    EmptyImage,
    ImageError,
    ImageNotFound,
    ImageTooLarge,
    NotAnImage,
    TruncatedImage,
    UnsupportedImage,
)
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


# Arrays


def test_an_rgb_array_comes_back_itself(pixels: NDArray[np.uint8], limits: ImageLimits) -> None:
    assert decode(pixels, limits) is pixels


def test_an_array_that_is_not_contiguous_is_copied(pixels: NDArray[np.uint8], limits: ImageLimits) -> None:
    flipped = decode(pixels[:, ::-1], limits)
    assert flipped.flags.c_contiguous
    np.testing.assert_array_equal(flipped, pixels[:, ::-1])


def test_a_gray_array_has_three_equal_channels(pixels: NDArray[np.uint8], limits: ImageLimits) -> None:
    gray = pixels[:, :, 1]
    np.testing.assert_array_equal(decode(gray, limits), np.stack([gray] * 3, axis=-1))


def test_an_rgba_array_is_laid_on_white(pixels: NDArray[np.uint8], limits: ImageLimits) -> None:
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    alpha[:50], alpha[50:100] = 0, 128
    decoded = decode(np.concatenate([pixels, alpha], axis=-1), limits)
    assert (decoded[:50] == 255).all()
    half = (pixels[50:100] * 128.0 + 255 * 127) / 255
    assert np.abs(decoded[50:100] - half).max() <= 1
    np.testing.assert_array_equal(decoded[100:], pixels[100:])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8, 3), np.uint16),
        np.zeros((8, 8, 3), bool),
        np.zeros((3, 8, 8), np.uint8),
        np.zeros((8, 8, 2), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
        np.zeros(64, np.uint8),
        np.zeros((), np.uint8),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_other_arrays_are_refused_with_what_was_expected_and_given(
    array: NDArray[np.uint8], limits: ImageLimits
) -> None:
    with pytest.raises(UnsupportedImage) as caught:
        decode(array, limits)
    assert "uint8 (height, width, 3)" in caught.value.message
    assert f"{array.dtype} {array.shape}" in caught.value.message


@pytest.mark.parametrize("shape", [(0, 8, 3), (8, 0, 3), (0, 0), (0, 4, 4)])
def test_an_array_without_pixels_is_empty(shape: tuple[int, ...], limits: ImageLimits) -> None:
    with pytest.raises(EmptyImage):
        decode(np.zeros(shape, np.uint8), limits)


def test_a_pil_image_without_pixels_is_empty(limits: ImageLimits) -> None:
    with pytest.raises(EmptyImage):
        decode(Image.new("RGB", (0, 5)), limits)


@pytest.mark.parametrize(
    "source", [None, 7, [], ["a.jpg"], io.BytesIO()], ids=["none", "number", "nothing", "list", "stream"]
)
def test_anything_else_is_refused(source: object, limits: ImageLimits) -> None:
    with pytest.raises(UnsupportedImage, match=type(source).__name__):
        decode(source, limits)  # type: ignore[arg-type]  # that is what is tested


def test_a_pil_image_is_not_changed(face: Image.Image, limits: ImageLimits) -> None:
    image = face.convert("P")
    image.info["transparency"] = 3
    before = image.tobytes(), image.mode, dict(image.info)
    decode(image, limits)
    assert (image.tobytes(), image.mode, dict(image.info)) == before


# Paths that lead nowhere


def test_a_missing_file(tmp_path: Path, limits: ImageLimits) -> None:
    with pytest.raises(ImageNotFound) as caught:
        decode(tmp_path / "nobody.jpg", limits)
    assert str(caught.value) == f"{tmp_path / 'nobody.jpg'} was not found; check the path."


def test_a_folder(tmp_path: Path, limits: ImageLimits) -> None:
    with pytest.raises(ImageNotFound, match="is a folder"):
        decode(tmp_path, limits)


@pytest.mark.parametrize(
    "path", ["", "a\0b.jpg", "x" * 5000, "\udcff" * 3, "pyproject.toml/face.jpg"], ids=ascii
)
def test_a_path_that_cannot_be(path: str, limits: ImageLimits) -> None:
    with pytest.raises(ImageNotFound):
        decode(path, limits)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path, limits: ImageLimits) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageNotFound, match="is not a file"):
        decode(tmp_path / "pipe.jpg", limits)


# Bytes that are no picture, or none that is read


@pytest.mark.parametrize("as_file", [False, True])
def test_no_bytes(as_file: bool, tmp_path: Path, limits: ImageLimits) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(EmptyImage, match="0 bytes"):
        decode(path if as_file else b"", limits)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"hello, this is a text", NotAnImage, "is in no known image format"),
        (b"\0" * 100, NotAnImage, "is in no known image format"),
        (b"%PDF-1.7\n...", NotAnImage, "a PDF document"),
        (b"\n <!DOCTYPE html><html>", NotAnImage, "a web page"),
        (b"PK\x03\x04....", NotAnImage, "a ZIP archive"),
        (b"\0\0\0\x18ftypisom....", NotAnImage, "a video"),
        (b"RIFF\x24\0\0\0WAVEfmt ", NotAnImage, "is in no known image format"),
        (b"GIF89a\x01\0\x01\0", UnsupportedImage, "a GIF picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", UnsupportedImage, "a HEIC picture"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", UnsupportedImage, "an AVIF picture"),
        (b"\xff\x0a\x00\x10", UnsupportedImage, "a JPEG XL picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", UnsupportedImage, "a JPEG 2000 picture"),
        (b"<?xml version='1.0'?>\n<SVG xmlns=''>", UnsupportedImage, "an SVG drawing"),
        (b"P6 3 2 255\n", UnsupportedImage, "a Netpbm picture"),
        (b"8BPS\0\1", UnsupportedImage, "a Photoshop document"),
    ],
)
def test_what_is_not_read_is_named(
    data: bytes, error: type[ImageError], words: str, tmp_path: Path, limits: ImageLimits
) -> None:
    path = tmp_path / "photo.xyz"
    path.write_bytes(data)
    with pytest.raises(error) as caught:
        decode(path, limits)
    assert type(caught.value) is error
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    with pytest.raises(error, match=r"^the picture is"):
        decode(data, limits)


def test_the_sentence_says_what_to_do(
    tmp_path: Path, limits: ImageLimits, face: Image.Image, encode: Encode
) -> None:
    path = tmp_path / "photo.gif"
    path.write_bytes(encode(face, "GIF"))
    with pytest.raises(UnsupportedImage) as caught:
        decode(path, limits)
    assert str(caught.value) == f"{path} is a GIF picture, which is not supported; convert it to JPEG or PNG."


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.995])
def test_a_file_that_ends_early(
    kind: str, share: float, face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    file = encode(face, kind)
    with pytest.raises(TruncatedImage) as caught:
        decode(file[: int(len(file) * share)], limits)
    assert "ends early" in caught.value.message


def test_a_jpeg_without_its_last_two_bytes_is_truncated(
    face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    with pytest.raises(TruncatedImage):
        decode(encode(face, "JPEG")[:-2], limits)


def test_the_error_of_the_decoder_is_kept(face: Image.Image, encode: Encode, limits: ImageLimits) -> None:
    file = encode(face, "JPEG")
    with pytest.raises(TruncatedImage) as caught:
        decode(file[: len(file) // 2], limits)
    assert isinstance(caught.value.__cause__, OSError)


# Limits


def test_limits_are_inclusive(
    face: Image.Image, encode: Encode, pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    file = encode(face, "PNG")
    path = tmp_path / "face.png"
    path.write_bytes(file)
    fitting = ImageLimits(len(file), 240 * 200)
    for source in (file, path, face, pixels):
        assert decode(source, fitting).shape == (200, 240, 3)
        with pytest.raises(ImageTooLarge, match="240 × 200 pixels, and no more than 47,999"):
            decode(source, ImageLimits(len(file), 240 * 200 - 1))
    for source in (file, path):
        with pytest.raises(ImageTooLarge, match="bytes"):
            decode(source, ImageLimits(len(file) - 1, 240 * 200))


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(2**40)  # a tebibyte that takes no room, and could not be read in the time of a test
    with pytest.raises(ImageTooLarge, match="40,000,000 bytes"):
        decode(path, ImageLimits(40_000_000, 80_000_000))


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
