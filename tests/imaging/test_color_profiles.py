"""Pictures with a color profile come out in sRGB, compared with what the definitions say."""

import numpy as np
import pytest
from icc_profiles import DISPLAY_P3_PRIMARIES, SRGB_PRIMARIES, cmyk_profile, rgb_profile, rgb_to_xyz
from imaging_types import Difference, Encode
from numpy.typing import NDArray
from PIL import Image, ImageCms

from facenet_app.imaging.decode import ImageLimits, decode

Pixels = NDArray[np.uint8]
P3 = rgb_profile(DISPLAY_P3_PRIMARIES)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_a_wide_gamut_picture_becomes_srgb(
    kind: str, encode: Encode, limits: ImageLimits, difference: Difference
) -> None:
    # The expected colors come from the definition: linear light, one matrix, the curve of sRGB.
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(36, 6, 3).repeat(8, 0).repeat(8, 1)
    signal = colors / 255
    linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    to_srgb = np.linalg.inv(rgb_to_xyz(SRGB_PRIMARIES)) @ rgb_to_xyz(DISPLAY_P3_PRIMARIES)
    linear = np.clip(linear @ to_srgb.T, 0, 1)
    expected = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}[
        kind
    ]
    decoded = decode(encode(Image.fromarray(colors), kind, icc_profile=P3, **options), limits)
    assert np.abs(decoded - expected).max() <= (4 if kind == "JPEG" else 2)
    assert difference(decoded, colors) > 3  # without the conversion they would be these


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_srgb_profile_changes_nothing(
    kind: str, face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    plain = decode(encode(face, kind), limits)
    for profile in (
        rgb_profile(SRGB_PRIMARIES),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ):
        np.testing.assert_array_equal(decode(encode(face, kind, icc_profile=profile), limits), plain)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_profile_of_no_use_is_ignored(
    kind: str, face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    plain = decode(encode(face, kind), limits)
    for profile in (b"not a profile", P3[:200], P3[:130] + bytes(300), cmyk_profile()):
        np.testing.assert_array_equal(decode(encode(face, kind, icc_profile=profile), limits), plain)


def test_transparency_and_profile_together(encode: Encode, limits: ImageLimits) -> None:
    opaque = decode(encode(Image.new("RGB", (8, 8), (200, 100, 50)), "PNG", icc_profile=P3), limits)[0, 0]
    half = decode(encode(Image.new("RGBA", (8, 8), (200, 100, 50, 128)), "PNG", icc_profile=P3), limits)[0, 0]
    assert np.abs(half - (opaque * 128.0 + 255 * 127) / 255).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_cmyk_picture_follows_its_profile(
    kind: str, face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    image = face.convert("CMYK")
    plain = decode(encode(image, kind), limits).astype(int)
    followed = decode(encode(image, kind, icc_profile=cmyk_profile()), limits).astype(int)
    assert np.ptp(followed, axis=-1).max() <= 4  # gray all over, as this profile says
    assert np.ptp(plain, axis=-1).max() > 100
    assert np.corrcoef(followed[:, :, 1].ravel(), plain.mean(axis=-1).ravel())[0, 1] > 0.95


def test_lab(
    face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits, difference: Difference
) -> None:
    srgb, lab = (ImageCms.ImageCmsProfile(ImageCms.createProfile(name)) for name in ("sRGB", "LAB"))
    transform = ImageCms.buildTransform(srgb, lab, "RGB", "LAB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    image = ImageCms.applyTransform(face, transform)
    assert image is not None
    assert difference(decode(image, limits), pixels) < 2
    assert difference(decode(encode(image, "TIFF"), limits), pixels) < 2


def test_hsv_from_pil(face: Image.Image, pixels: Pixels, limits: ImageLimits, difference: Difference) -> None:
    assert difference(decode(face.convert("HSV"), limits), pixels) < 2
