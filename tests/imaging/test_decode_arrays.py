"""Pictures that are arrays or PIL images already."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facenet_app.errors import (
    EmptyImage,
    UnsupportedImage,
)
from facenet_app.imaging.decode import ImageLimits, decode


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
