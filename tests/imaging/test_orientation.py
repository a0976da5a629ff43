"""EXIF orientation is honored in every format, and a damaged EXIF block does no harm."""

import struct

import numpy as np
import pytest
from imaging_types import Difference, Encode
from numpy.typing import NDArray
from PIL import Image, ImageOps

from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.imaging.orientation import exif_orientation, upright

Pixels = NDArray[np.uint8]

# How to store an upright picture so that a viewer that honors the value shows it upright again.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def exif(value: int, order: str = "<", kind: int = 3) -> bytes:
    """The smallest EXIF block that states an orientation."""
    field = struct.pack(order + ("HH" if kind == 3 else "L"), *((value, 0) if kind == 3 else (value,)))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
    return start + struct.pack(order + "HHHL", 1, 0x0112, kind, 1) + field + bytes(4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "CMYK JPEG"])
@pytest.mark.parametrize("value", STORED)
def test_pictures_come_out_upright(
    value: int, kind: str, pixels: Pixels, encode: Encode, limits: ImageLimits, difference: Difference
) -> None:
    stored = Image.fromarray(np.ascontiguousarray(STORED[value](pixels)))
    if kind.startswith("CMYK"):
        stored = stored.convert("CMYK")
    tags = Image.Exif()
    tags[0x0112] = value
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}.get(kind, {"quality": 95})
    decoded = decode(encode(stored, kind.rsplit(maxsplit=1)[-1], exif=tags, **options), limits)
    assert difference(decoded, pixels) < 3


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_tiff_stores_it_as_a_field_of_its_own(
    compression: str, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](pixels)))
    file = encode(stored, "TIFF", tiffinfo={0x0112: 6}, compression=compression)
    np.testing.assert_array_equal(decode(file, limits), pixels)


@pytest.mark.parametrize("value", STORED)
def test_turning_agrees_with_pillow(value: int, pixels: Pixels) -> None:
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = value
    by_pillow = ImageOps.exif_transpose(image)
    turned = upright(pixels, value)
    assert turned.flags.c_contiguous
    np.testing.assert_array_equal(turned, np.asarray(by_pillow))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_both_byte_orders_and_both_integers(order: str, kind: int) -> None:
    for value in range(1, 9):
        assert exif_orientation(exif(value, order, kind)) == value
        assert exif_orientation(b"Exif\0\0" + exif(value, order, kind)) == value


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_values_that_mean_nothing_are_ignored(value: int) -> None:
    assert exif_orientation(exif(value)) == 1


DAMAGED = [
    b"",
    b"Exif\0\0",
    b"nonsense that is long enough to be a header",
    exif(6)[:12],
    exif(6)[:4] + struct.pack("<L", 2**31) + exif(6)[8:],  # a directory beyond the end
    exif(6)[:8] + struct.pack("<H", 65535) + b"\xff" * 40,  # more entries than there are
    exif(6, kind=4).replace(struct.pack("<HL", 4, 1), struct.pack("<HL", 2, 1)),  # text for a number
]


@pytest.mark.parametrize("block", DAMAGED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_block_is_ignored(
    block: bytes, kind: str, face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    plain = decode(encode(face, kind), limits)
    with_block = encode(face, kind, exif=b"Exif\0\0" + block)
    if block and kind != "PNG":
        assert block in with_block
    np.testing.assert_array_equal(decode(with_block, limits), plain)


def test_a_jpeg_without_jfif_and_with_damaged_resolution_tags(
    face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    # Pillow looks for the resolution in EXIF if there is no JFIF segment, and warns where it is damaged.
    file = encode(face, "JPEG")
    block = b"Exif\0\0MM\0*" + struct.pack(">LHHHLL", 8, 1, 0x011A, 5, 1, 10**6) + bytes(4)
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    jfif = 4 + struct.unpack_from(">H", file, 4)[0]
    damaged = file[:2] + segment + file[jfif:]
    np.testing.assert_array_equal(decode(damaged, limits), decode(file, limits))


def test_orientation_of_a_pil_image(pixels: Pixels, encode: Encode, limits: ImageLimits) -> None:
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](pixels)))
    stored.info["exif"] = b"Exif\0\0" + exif(6)
    np.testing.assert_array_equal(decode(stored, limits), pixels)
