"""Files made to do harm, or damaged at random: a picture or an ImageError, soon, and nothing else."""

import io
import struct
import time
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icc_profiles import DISPLAY_P3_PRIMARIES, rgb_profile
from imaging_types import Encode, PngChunk
from PIL import Image

from facenet_app.errors import ImageError, ImageTooLarge, TruncatedImage, UnsupportedImage
from facenet_app.imaging.decode import ImageLimits, decode

LIMITS = ImageLimits(40_000_000, 80_000_000)
SMALL = ImageLimits(1_000_000, 1_000_000)


# Headers that claim more than there is


def claims() -> dict[str, bytes]:
    """Files of a few dozen bytes whose headers claim 60,000 x 60,000 pixels (WebP: 16,384 x 16,384)."""
    side = 60_000
    header = struct.pack(">LL5B", side, side, 8, 2, 0, 0, 0)
    chunks = b""
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")):
        chunks += struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, side, side, 3) + b"\1\x22\0\2\x11\1\3\x11\1"
    scan = b"\xff\xda" + struct.pack(">HB", 12, 3) + b"\1\0\2\x11\3\x11\0\x3f\0"
    tags = {256: side, 257: side, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 279: 2**31}
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags.items())
    canvas = struct.pack("<L", 0x10) + struct.pack("<L", 16_383)[:3] * 2
    lossless = b"VP8L" + struct.pack("<L", 8) + b"\x2f" + struct.pack("<L", 16_383 | 16_383 << 14) + bytes(3)
    webp = b"WEBPVP8X" + struct.pack("<L", 10) + canvas + lossless
    return {
        "PNG": b"\x89PNG\r\n\x1a\n" + chunks,
        "JPEG": b"\xff\xd8" + frame + scan + b"\0\xff\xd9",
        "BMP": b"BM"
        + struct.pack("<LHHL", 60, 0, 0, 54)
        + struct.pack("<LllHHLLllLL", 40, side, side, 1, 24, *[0] * 6),
        "TIFF": b"II*\0" + struct.pack("<LH", 8, len(tags)) + entries + bytes(4),
        "WEBP": b"RIFF" + struct.pack("<L", len(webp)) + webp,
    }


@pytest.mark.parametrize("kind", claims())
def test_the_size_is_checked_before_anything_is_decoded(kind: str, tmp_path: Path) -> None:
    # There are no pixels in these files: whoever decodes first finds them damaged, not too large.
    file = claims()[kind]
    assert len(file) < 200
    path = tmp_path / "bomb"
    path.write_bytes(file)
    begun = time.perf_counter()
    for source in (file, path):
        with pytest.raises(ImageTooLarge, match=r"60,000 × 60,000|16,384 × 16,384"):
            decode(source, LIMITS)
    assert time.perf_counter() - begun < 5


def test_pillows_own_limit_never_shows(encode: Encode) -> None:
    # 100 megapixels: beyond the size at which Pillow warns, which would be an error in these tests.
    wide = Image.new("1", (10_000, 10_000), 1)
    roomy = ImageLimits(40_000_000, 100_000_000)
    assert decode(encode(wide, "PNG"), roomy).shape == (10_000, 10_000, 3)
    with pytest.raises(ImageTooLarge):
        decode(encode(wide, "TIFF", compression="group4"), roomy)
    with pytest.raises(ImageTooLarge):
        decode(encode(wide, "PNG"), LIMITS)


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"tEXt"])
def test_text_that_unpacks_to_much_is_never_unpacked(
    name: bytes, encode: Encode, face: Image.Image, png_chunk: PngChunk
) -> None:
    packed = zlib.compress(bytes(50_000_000))
    body = {b"zTXt": b"k\0\0" + packed, b"iTXt": b"k\0\1\0\0\0" + packed, b"tEXt": b"k\0" + packed}[name]
    file = encode(face, "PNG")
    bomb = file[:33] + png_chunk(name, body) * 20 + file[33:]
    begun = time.perf_counter()
    np.testing.assert_array_equal(decode(bomb, LIMITS), np.asarray(face))
    assert time.perf_counter() - begun < 5


def test_a_profile_that_unpacks_to_much(encode: Encode, face: Image.Image, png_chunk: PngChunk) -> None:
    file = encode(face, "PNG")
    chunk = png_chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(20_000_000), 9))
    with pytest.raises(ImageError):
        decode(file[:33] + chunk + file[33:], LIMITS)


def test_endless_scans_of_a_jpeg(encode: Encode) -> None:
    file = encode(Image.new("RGB", (2000, 2000), (120, 130, 90)), "JPEG", progressive=True, quality=10)
    last = file[file.rindex(b"\xff\xda") : -2]
    begun = time.perf_counter()
    with pytest.raises(UnsupportedImage, match="100 scans"):
        decode(file[:-2] + last * 10_000 + b"\xff\xd9", LIMITS)
    assert time.perf_counter() - begun < 5
    assert decode(file[:-2] + last * 10 + b"\xff\xd9", LIMITS).shape == (2000, 2000, 3)


def test_endless_chunks_of_a_png(encode: Encode, face: Image.Image, png_chunk: PngChunk) -> None:
    file = encode(face, "PNG")
    with pytest.raises(UnsupportedImage, match="chunks"):
        decode(file[:33] + png_chunk(b"teSt", b"") * 150_000 + file[33:], LIMITS)


def test_endless_strips_of_a_tiff() -> None:
    count = 1_000_000
    tags = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags.items())
    entries += struct.pack("<HHLL", 273, 4, count, 200)
    file = b"II*\0" + struct.pack("<LH", 8, len(tags) + 1) + entries + bytes(4)
    with pytest.raises(UnsupportedImage, match="items"):
        decode(file.ljust(200, b"\0") + bytes(4 * count), LIMITS)


def test_a_tiff_directory_that_is_its_own_next(encode: Encode, face: Image.Image) -> None:
    file = bytearray(encode(face, "TIFF"))
    (directory,) = struct.unpack_from("<L", file, 4)
    (count,) = struct.unpack_from("<H", file, directory)
    struct.pack_into("<L", file, directory + 2 + 12 * count, directory)
    np.testing.assert_array_equal(decode(bytes(file), LIMITS), np.asarray(face))


def test_checksums_of_a_png_are_looked_at(encode: Encode, face: Image.Image) -> None:
    file = bytearray(encode(face, "PNG"))
    file[len(file) // 2] ^= 1
    with pytest.raises(TruncatedImage, match="damaged"):
        decode(bytes(file), LIMITS)


def test_a_private_kind_of_png(encode: Encode, face: Image.Image, png_chunk: PngChunk) -> None:
    # Apple's tools write such files for phones, with the colors in another order.
    file = encode(face, "PNG")
    with pytest.raises(UnsupportedImage, match="private kind"):
        decode(file[:8] + png_chunk(b"CgBI", b"\x50\0\x20\6") + file[8:], LIMITS)


def test_invalid_animation_chunks_do_not_warn(encode: Encode, face: Image.Image, png_chunk: PngChunk) -> None:
    file = encode(face, "PNG")
    bad = png_chunk(b"acTL", bytes(8)) + png_chunk(b"fcTL", bytes(3))
    np.testing.assert_array_equal(decode(file[:33] + bad + file[33:], LIMITS), np.asarray(face))


# Damage at random


@cache
def samples() -> dict[str, bytes]:
    """A small picture in every format and many variants."""
    rng = np.random.default_rng(7)
    smooth = np.kron(rng.integers(0, 255, (4, 5, 3)), np.ones((8, 8, 1)))
    rgb = Image.fromarray((smooth + rng.integers(-8, 8, smooth.shape)).clip(0, 255).astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(rgb.convert("L"))
    tags = Image.Exif()
    tags[0x0112] = 6
    profile = rgb_profile(DISPLAY_P3_PRIMARIES)
    variants: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
        "jpeg": (rgb, "JPEG", {"exif": tags, "icc_profile": profile}),
        "jpeg progressive": (rgb, "JPEG", {"progressive": True}),
        "jpeg gray": (rgb.convert("L"), "JPEG", {}),
        "jpeg cmyk": (rgb.convert("CMYK"), "JPEG", {}),
        "png": (rgba, "PNG", {"exif": tags, "icc_profile": profile}),
        "png palette": (rgb.quantize(16), "PNG", {"transparency": 3}),
        "png 16": (Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257), "PNG", {}),
        "webp": (rgba, "WEBP", {"exif": tags, "icc_profile": profile}),
        "webp lossless": (rgb, "WEBP", {"lossless": True}),
        "webp animated": (rgb, "WEBP", {"save_all": True, "append_images": [rgba.convert("RGB")]}),
        "bmp": (rgb, "BMP", {}),
        "bmp palette": (rgb.quantize(16), "BMP", {}),
        "tiff": (rgb, "TIFF", {"icc_profile": profile, "tiffinfo": {0x0112: 6}}),
        "tiff lzw": (rgba, "TIFF", {"compression": "tiff_lzw"}),
        "tiff jpeg": (rgb, "TIFF", {"compression": "jpeg"}),
        "tiff fax": (rgb.convert("1"), "TIFF", {"compression": "group4"}),
        "tiff big": (rgb.quantize(16), "TIFF", {"big_tiff": True}),
        "tiff lab": (rgb.convert("CMYK"), "TIFF", {"compression": "tiff_adobe_deflate"}),
    }
    files = {}
    for name, (image, kind, options) in variants.items():
        file = io.BytesIO()
        image.save(file, kind, **options)
        files[name] = file.getvalue()
    return files


def picture_or_error(data: bytes) -> None:
    """Decode; anything but a picture of the promised kind or an ImageError fails the test."""
    begun = time.perf_counter()
    try:
        decoded = decode(data, SMALL)
    except ImageError as refused:
        decoded = None
        sentence = str(refused)
    if decoded is None:
        assert sentence.endswith(".")
    else:
        assert decoded.dtype == np.uint8
        assert decoded.ndim == 3
        assert decoded.shape[2] == 3
        assert decoded.size > 0
        assert decoded.flags.c_contiguous
    assert time.perf_counter() - begun < 5


def with_sound_checksums(data: bytes) -> bytes:
    """A damaged PNG whose checksums are right all the same, so that the damage goes further in."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    mended, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack_from(">L", data, at)[0]
        if end > len(data):
            break
        struct.pack_into(">L", mended, end - 4, zlib.crc32(mended[at + 4 : end - 4]))
        at = end
    return bytes(mended)


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.data())
def test_cut_anywhere(data: st.DataObject) -> None:
    file = samples()[data.draw(st.sampled_from(sorted(samples())))]
    picture_or_error(file[: data.draw(st.integers(0, len(file) - 1))])


@settings(quick, max_examples=500)
@given(st.data())
def test_bytes_changed_anywhere(data: st.DataObject) -> None:
    file = bytearray(samples()[data.draw(st.sampled_from(sorted(samples())))])
    # Half of the changes hit the first 200 bytes, where headers are.
    places = st.integers(0, len(file) - 1) | st.integers(0, min(200, len(file) - 1))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)):
        file[place] = value
    picture_or_error(with_sound_checksums(bytes(file)))


@quick
@given(
    st.sampled_from(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"BM", b"II*\0", b"MM\0+", b""]
    ),
    st.binary(max_size=300),
)
def test_noise_after_a_known_beginning(magic: bytes, noise: bytes) -> None:
    picture_or_error(magic + noise)
