"""The error of every path, file and size that is no picture to work with."""

import os
from pathlib import Path

import numpy as np
import pytest
from imaging_types import Encode
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
from facenet_app.imaging.decode import ImageLimits, decode

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
