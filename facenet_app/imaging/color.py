"""Pixels of any kind as 8-bit RGB in the sRGB color space (IEC 61966-2-1)."""

import io
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from facenet_app.errors import UnsupportedImage
from facenet_app.imaging.formats import CONVERT

__all__ = ["needs_conversion", "to_rgb"]

_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILE_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_LARGEST_PROFILE = 10_000_000  # bytes; those of printing presses have 0.5 to 3 million

_TIFF_BITS, _TIFF_PHOTOMETRIC = 258, 262


def to_rgb(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """RGB uint8 (height, width, 3), C-contiguous, of a picture of any mode.

    Colors follow the embedded ICC profile if there is one that fits the pixels; transparency
    shows white; 16 bits are scaled to 8. The picture handed in is loaded but not changed.

    Args:
        image: opened by Pillow; its pixels are decoded here.
        name: what messages call the picture.

    Raises:
        UnsupportedImage: pixels without a known range (float, 32-bit integers).
    """
    image.load()
    if image.mode in ("I", "F"):
        kind = "32-bit integer" if image.mode == "I" else "floating point"
        raise UnsupportedImage(f"{name} has {kind} pixels, whose range is not known", CONVERT)
    profile = image.info.get("icc_profile")
    alpha = None
    if image.mode.startswith("I;16"):
        image = Image.fromarray(_eight_bits(image))
    elif image.has_transparency_data:
        if image.mode == "La":
            image = image.convert("LA")
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    rgb = _in_srgb(image, profile)
    if alpha is not None and alpha.getextrema() != (0, 0):  # wholly transparent: the colors are all there is
        white = Image.new("RGB", rgb.size, "white")
        white.paste(rgb, mask=alpha)
        rgb = white
    return np.array(rgb)


def needs_conversion(profile: bytes | None, mode: str) -> bool:
    """Whether pixels of ``mode`` with this ICC profile are other than sRGB (gray: its gray axis)."""
    return bool(profile) and _to_srgb(profile, mode) is not None


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        colorimetric = ImageCms.Intent.RELATIVE_COLORIMETRIC
        return _applied(ImageCms.buildTransform(lab, _SRGB, "LAB", "RGB", colorimetric), image)
    transform = _to_srgb(profile, image.mode) if profile else None
    if transform is not None:
        return _applied(transform, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # None only comes back from a conversion in place
    return converted


@lru_cache(maxsize=4)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """What turns pixels with this profile into sRGB; None if they are sRGB, or the profile is of no use."""
    if len(profile) > _LARGEST_PROFILE or mode not in _PROFILE_SPACES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _PROFILE_SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB")
        return None if mode != "CMYK" and _changes_nothing(transform, mode) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # damaged: as if it were not there
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether colors all over the cube stay within a level: names of profiles say little, this is sure."""
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    grid = levels[:, None] if mode == "L" else np.stack(np.meshgrid(*[levels] * 3), -1).reshape(36, 6, 3)
    colors = Image.fromarray(np.ascontiguousarray(grid))
    shown = np.asarray(_applied(transform, colors), dtype=np.int16)
    return bool(np.abs(shown - np.asarray(colors.convert("RGB"))).max() <= 1)


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Gray pixels of 12 or 16 bits scaled to uint8 (height, width): the whole range to the whole range."""
    values = np.asarray(image).astype(np.uint32)
    tags = getattr(image, "tag_v2", {})
    most = 4095 if tags.get(_TIFF_BITS) == (12,) else 65535
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        values[values == transparent] = most
    if tags.get(_TIFF_PHOTOMETRIC) == 0:  # white is zero; Pillow turns 8 bits round, but not 16
        values = most - values
    return ((np.minimum(values, most) * 255 + most // 2) // most).astype(np.uint8)
