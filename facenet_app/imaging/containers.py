"""Picture files cut down to what their pixels need, before a decoder sees them.

A file may carry far more than one picture: text that unpacks to gigabytes, thumbnails, further
pages, animation, EXIF blocks with damaged tables. None of it is needed, much of it has been used
for attacks, and some makes Pillow warn, which cannot be silenced in one thread alone. So JPEG,
PNG and TIFF files are walked here and rebuilt from the parts in the lists below.

Sources: ITU-T T.81 (JPEG), W3C PNG third edition.
"""

import struct
import zlib
from dataclasses import dataclass

from facenet_app.errors import UnsupportedImage
from facenet_app.imaging.formats import CONVERT, absurd, damaged
from facenet_app.imaging.orientation import exif_orientation
from facenet_app.imaging.tiff import first_page

__all__ = ["Essentials", "essentials"]

_MOST_CHUNKS = 100_000
"""Chunks of a PNG; real files have a few thousand."""
_MOST_SCANS = 100
"""Scans of a JPEG. Encoders write about ten; every further one costs a pass over all pixels."""

_PNG_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND", b"eXIf"})

_JPEG_DROPPED = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})  # keeps JFIF, ICC and Adobe's segment


@dataclass(frozen=True, slots=True)
class Essentials:
    """A file of the same format that decodes to the same pixels, and its EXIF orientation (1 … 8)."""

    data: bytes
    orientation: int = 1


def essentials(data: bytes, kind: str, name: str) -> Essentials:
    """Cut a file down to what its pixels need.

    Args:
        data: the whole file.
        kind: its format, from :func:`facenet_app.imaging.formats.recognize`.
        name: what messages call the picture.

    Raises:
        TruncatedImage: the file ends early, or a checksum is wrong.
        UnsupportedImage: a variant that cannot be decoded right, or only at absurd cost.
    """
    try:
        if kind == "JPEG":
            return _jpeg(data, name)
        if kind == "PNG":
            return _png(data, name)
        if kind == "TIFF":
            return Essentials(*first_page(data, name))
        if kind == "BMP":
            _refuse_run_lengths(data, name)
    except (struct.error, IndexError, OverflowError) as error:  # a length or offset reaches beyond the file
        raise damaged(name, kind) from error
    return Essentials(data)


def _jpeg(data: bytes, name: str) -> Essentials:
    view = memoryview(data)
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    orientation, at = 1, 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 2 > len(data) or data[at + 1] == 0xD9:  # the end, before any scan
            raise damaged(name, "JPEG")
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # fill bytes and markers without a body
            at += 1
            continue
        if marker == 0xDA:
            break
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker == 0xE1 and data.startswith(b"Exif\0\0", at + 4):
            orientation = exif_orientation(data[at + 4 : end])
        if marker not in _JPEG_DROPPED:
            kept.append(view[at:end])
        at = end
    if data.count(b"\xff\xda", at) > _MOST_SCANS:
        raise absurd(name, "JPEG", f"more than {_MOST_SCANS} scans")
    return Essentials(b"".join([*kept, view[at:]]), orientation)


def _png(data: bytes, name: str) -> Essentials:
    view = memoryview(data)
    kept: list[bytes | memoryview] = [view[:8]]
    orientation, at = 1, 8
    for _ in range(_MOST_CHUNKS):
        length, chunk = struct.unpack_from(">L4s", data, at)
        end = at + 12 + length
        sound = struct.unpack_from(">L", data, end - 4)[0] == zlib.crc32(view[at + 4 : end - 4])
        critical = not chunk[0] & 0x20
        if critical and not sound:
            raise damaged(name, "PNG")
        if critical and chunk not in _PNG_NEEDED:
            raise UnsupportedImage(
                f"{name} is a PNG picture of a private kind", "save it again as JPEG or PNG"
            )
        if chunk == b"eXIf" and sound:
            orientation = exif_orientation(data[at + 8 : end - 4])
        elif chunk == b"tRNS" and sound:
            kept.append(_transparency(data[at + 8 : end - 4], depth=data[24], color=data[25]))
        elif chunk in _PNG_NEEDED and sound:
            kept.append(view[at:end])
        if chunk == b"IEND":
            return Essentials(b"".join(kept), orientation)
        at = end
    raise absurd(name, "PNG", f"more than {_MOST_CHUNKS:,} chunks")


def _transparency(body: bytes, depth: int, color: int) -> bytes:
    """A tRNS chunk with its color on the scale of the pixels that Pillow makes, not that of the file."""
    if color == 0 and depth < 8:
        body = struct.pack(">H", struct.unpack_from(">H", body)[0] * 255 // (2**depth - 1) & 0xFFFF)
    elif color == 2 and depth == 16:
        body = struct.pack(">3H", *(level >> 8 for level in struct.unpack_from(">3H", body)))
    chunk = b"tRNS" + body
    return struct.pack(">L", len(body)) + chunk + struct.pack(">L", zlib.crc32(chunk))


def _refuse_run_lengths(data: bytes, name: str) -> None:
    """No photo is stored like this; Pillow decodes it in Python and does not notice where it ends early."""
    (header,) = struct.unpack_from("<L", data, 14)
    if header >= 40 and struct.unpack_from("<L", data, 30)[0] in (1, 2):
        raise UnsupportedImage(f"{name} is a run-length encoded BMP picture, which is not supported", CONVERT)
