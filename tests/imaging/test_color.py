"""Pixels of every kind come out in the right colors, compared with the RGB original."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from imaging_types import Difference, Encode, PngChunk
from numpy.typing import NDArray
from PIL import Image
from tiff_files import gray_tiff

from facenet_app.errors import UnsupportedImage
from facenet_app.imaging.decode import ImageLimits, decode

Pixels = NDArray[np.uint8]


def gray_of(face: Image.Image) -> Pixels:
    return np.stack([np.asarray(face.convert("L"))] * 3, axis=-1)


LOSSLESS: dict[str, tuple[str, str, dict[str, object]]] = {
    "RGB PNG": ("RGB", "PNG", {}),
    "RGB WebP": ("RGB", "WEBP", {"lossless": True}),
    "RGB BMP": ("RGB", "BMP", {}),
    "RGB TIFF": ("RGB", "TIFF", {}),
    "RGB TIFF, LZW": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "RGB TIFF, deflate": ("RGB", "TIFF", {"compression": "tiff_adobe_deflate"}),
    "RGB TIFF, PackBits": ("RGB", "TIFF", {"compression": "packbits"}),
    "RGB TIFF, big": ("RGB", "TIFF", {"big_tiff": True}),
    "RGBA PNG": ("RGBA", "PNG", {}),
    "RGBA BMP": ("RGBA", "BMP", {}),
    "RGBA TIFF": ("RGBA", "TIFF", {}),
    "RGBA WebP": ("RGBA", "WEBP", {"lossless": True}),
    "RGBX TIFF": ("RGBX", "TIFF", {}),
    "gray PNG": ("L", "PNG", {}),
    "gray BMP": ("L", "BMP", {}),
    "gray TIFF": ("L", "TIFF", {}),
    "gray TIFF, LZW": ("L", "TIFF", {"compression": "tiff_lzw"}),
    "gray and alpha PNG": ("LA", "PNG", {}),
    "gray and alpha TIFF": ("LA", "TIFF", {}),
}


@pytest.mark.parametrize("form", LOSSLESS)
def test_lossless_files_are_exact(
    form: str, face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    mode, kind, options = LOSSLESS[form]
    decoded = decode(encode(face.convert(mode), kind, **options), limits)
    np.testing.assert_array_equal(decoded, pixels if mode.startswith("RGB") else gray_of(face))


@pytest.mark.parametrize(
    ("mode", "kind", "options", "tolerance"),
    [
        ("RGB", "JPEG", {"quality": 95, "subsampling": 0}, 2),
        ("RGB", "JPEG", {"quality": 95, "progressive": True}, 3),
        ("RGB", "WEBP", {"quality": 95}, 3),
        ("RGB", "TIFF", {"compression": "jpeg", "quality": 95}, 3),
        ("CMYK", "JPEG", {"quality": 95}, 2),  # Pillow writes these as Adobe does: inverted
        ("CMYK", "TIFF", {}, 0.01),
        ("CMYK", "TIFF", {"compression": "tiff_lzw"}, 0.01),
        ("YCbCr", "JPEG", {"quality": 95}, 3),
        ("YCbCr", "TIFF", {"compression": "tiff_lzw"}, 2),
        ("P", "PNG", {}, 6),
        ("P", "TIFF", {}, 6),
        ("P", "BMP", {}, 6),
    ],
)
def test_other_files_are_near(
    mode: str,
    kind: str,
    options: dict[str, object],
    tolerance: float,
    face: Image.Image,
    pixels: Pixels,
    encode: Encode,
    limits: ImageLimits,
    difference: Difference,
) -> None:
    image = face.quantize(256) if mode == "P" else face.convert(mode)
    assert difference(decode(encode(image, kind, **options), limits), pixels) < tolerance


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_one_bit(kind: str, face: Image.Image, encode: Encode, limits: ImageLimits) -> None:
    image = face.convert("1")
    expected = np.stack([np.asarray(image.convert("L"))] * 3, axis=-1)
    np.testing.assert_array_equal(decode(encode(image, kind), limits), expected)
    assert set(np.unique(expected)) == {0, 255}


def test_one_bit_fax(face: Image.Image, encode: Encode, limits: ImageLimits) -> None:
    image = face.convert("1")
    np.testing.assert_array_equal(
        decode(encode(image, "TIFF", compression="group4"), limits)[:, :, 0], np.asarray(image.convert("L"))
    )


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_scaled_not_clipped(
    suffix: str, channels: int, pixels: Pixels, limits: ImageLimits
) -> None:
    wide = pixels.astype(np.uint16) * 257  # the whole range: 0 … 65535
    if channels == 1:
        wide = wide[:, :, :1]
    elif channels == 4:
        wide = np.concatenate([wide, np.full_like(wide[:, :, :1], 65535)], axis=-1)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]  # OpenCV writes BGR
    done, file = cv2.imencode(suffix, np.ascontiguousarray(wide[:, :, order]))
    assert done
    decoded = decode(file.tobytes(), limits)
    assert np.abs(decoded.astype(int) - (pixels[:, :, :1] if channels == 1 else pixels)).max() <= 1


def test_sixteen_bit_gray_from_pil(limits: ImageLimits) -> None:
    ramp = np.array([[0, 128, 257, 32896, 65535]], np.uint16)
    np.testing.assert_array_equal(decode(Image.fromarray(ramp), limits)[0, :, 0], [0, 0, 1, 128, 255])


def test_sixteen_bit_tiff_with_white_as_zero_is_turned_round(limits: ImageLimits) -> None:
    values = [0, 32896, 65535, 257]
    for photometric, expected in ((1, [0, 128, 255, 1]), (0, [255, 127, 0, 254])):
        file = gray_tiff(values, 16, photometric, struct.pack("<4H", *values))
        np.testing.assert_array_equal(decode(file, limits)[0, :, 0], expected)


def test_twelve_bit_tiff_uses_the_range_of_twelve_bits(limits: ImageLimits) -> None:
    strip = bytes([0x00, 0x0F, 0xFF, 0x80, 0x00, 0x10])  # 0x000 0xFFF 0x800 0x010
    file = gray_tiff([0, 4095, 2048, 16], 12, 1, strip)
    np.testing.assert_array_equal(decode(file, limits)[0, :, 0], [0, 255, 128, 1])


@pytest.mark.parametrize(("mode", "words"), [("F", "floating point"), ("I", "32-bit integer")])
def test_pixels_without_a_range_are_refused(
    mode: str, words: str, face: Image.Image, encode: Encode, limits: ImageLimits
) -> None:
    image = face.convert("L").convert(mode)
    for source in (image, encode(image, "TIFF")):
        with pytest.raises(UnsupportedImage, match=words):
            decode(source, limits)


def test_a_variant_nobody_decodes_is_called_so(limits: ImageLimits) -> None:
    double = gray_tiff([1], 64, 1, bytes(8), sample_format=3)
    with pytest.raises(UnsupportedImage, match="variant"):
        decode(double, limits)
    jpeg2000 = bytearray(gray_tiff([1], 8, 1, b"\0"))
    at = jpeg2000.index(struct.pack("<HHL", 259, 3, 1)) + 8
    jpeg2000[at : at + 2] = struct.pack("<H", 34712)
    with pytest.raises(UnsupportedImage, match="variant"):
        decode(bytes(jpeg2000), limits)


def test_uncompressed_ycbcr_tiff_is_refused(face: Image.Image, encode: Encode, limits: ImageLimits) -> None:
    with pytest.raises(UnsupportedImage, match="YCbCr"):
        decode(encode(face.convert("YCbCr"), "TIFF"), limits)


def test_ycck_jpeg(
    face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits, difference: Difference
) -> None:
    # Pillow writes CMYK only. Planes that hold inverted YCC instead, and a transform of 2 in Adobe's
    # segment, make a YCCK file: the decoder turns YCC into "RGB", and that into C, M and Y.
    ycc = np.asarray(Image.fromarray(255 - pixels).convert("YCbCr"))
    planes = np.concatenate([255 - ycc, np.zeros_like(ycc[:, :, :1])], axis=-1)
    file = bytearray(encode(Image.frombytes("CMYK", face.size, planes.tobytes()), "JPEG", quality=95))
    file[file.index(b"Adobe") + 11] = 2
    assert difference(decode(bytes(file), limits), pixels) < 2


# Transparency


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_transparency_shows_white(
    kind: str, face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:40], alpha[40:80] = 0, 100
    image = face.copy()
    image.putalpha(Image.fromarray(alpha))
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    decoded = decode(encode(image, kind, **options), limits)
    assert (decoded[:40] == 255).all()
    assert np.abs(decoded[40:80] - (pixels[40:80] * 100.0 + 255 * 155) / 255).max() <= 1
    np.testing.assert_array_equal(decoded[80:], pixels[80:])


def test_premultiplied_pil_images(limits: ImageLimits) -> None:
    for mode in ("La", "RGBa"):
        image = Image.new(mode[:-1] + "A", (4, 4), (100, 128) if mode == "La" else (200, 100, 50, 128))
        decoded = decode(image.convert(mode), limits)
        np.testing.assert_array_equal(decoded[0, 0], decode(image, limits)[0, 0])


def test_palette_with_transparency(face: Image.Image, encode: Encode, limits: ImageLimits) -> None:
    image = face.quantize(64)
    shown = np.asarray(image.convert("RGB"))
    clear = np.asarray(image) == 5
    assert 0 < clear.mean() < 1
    for transparency in (5, bytes([255] * 5 + [0] + [255] * 58)):
        decoded = decode(encode(image, "PNG", transparency=transparency), limits)
        assert (decoded[clear] == 255).all()
        np.testing.assert_array_equal(decoded[~clear], shown[~clear])


def test_one_color_transparent(
    face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    color = tuple(int(level) for level in pixels[100, 100])
    clear = (pixels == pixels[100, 100]).all(axis=-1)
    decoded = decode(encode(face, "PNG", transparency=color), limits)
    assert (decoded[clear] == 255).all()
    np.testing.assert_array_equal(decoded[~clear], pixels[~clear])


@pytest.mark.parametrize(
    ("depth", "color", "row", "key", "expected"),
    [
        (2, 0, bytes([0b00_01_10_11]), b"\0\1", [0, 255, 170, 255]),
        (4, 0, bytes([0x03, 0x9F]), b"\0\3", [0, 255, 153, 255]),
        (8, 0, bytes([0, 3, 9, 255]), b"\0\3", [0, 255, 9, 255]),
        (16, 0, struct.pack(">4H", 0, 771, 32896, 65535), b"\3\3", [0, 255, 128, 255]),
        (
            16,
            2,
            struct.pack(">12H", *[0] * 3, *[771] * 3, *[32896] * 3, *[65535] * 3),
            b"\3\3" * 3,
            [0, 255, 128, 255],
        ),
    ],
)
def test_one_transparent_level_at_every_depth(
    depth: int,
    color: int,
    row: bytes,
    key: bytes,
    expected: list[int],
    png_chunk: PngChunk,
    limits: ImageLimits,
) -> None:
    file = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">LL5B", 4, 1, depth, color, 0, 0, 0))
    file += png_chunk(b"tRNS", key) + png_chunk(b"IDAT", zlib.compress(b"\0" + row)) + png_chunk(b"IEND", b"")
    np.testing.assert_array_equal(decode(file, limits)[0, :, 0], expected)


def test_a_wholly_transparent_picture_shows_its_colors(
    face: Image.Image, pixels: Pixels, encode: Encode, limits: ImageLimits
) -> None:
    image = face.copy()
    image.putalpha(0)
    np.testing.assert_array_equal(decode(encode(image, "BMP"), limits), pixels)
