"""A TIFF file cut down to the directory entries that the pixels of its first page need.

Every entry that stays lies inside the file and has a sane length, so that neither Pillow nor
libtiff meets the damaged tables that make them warn, or the tables that only cost time. Source:
Adobe TIFF revision 6.0; BigTIFF as described in libtiff's design notes.
"""

import struct

from facenet_app.errors import UnsupportedImage
from facenet_app.imaging.formats import CONVERT, absurd, damaged

__all__ = ["first_page"]

_MOST_ITEMS = 100_000
"""Items of a table, such as the strips a picture is stored in; real files have a few thousand."""
_MOST_ENTRIES = 4096

_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}
"""Bytes of an item by its field type."""
_BYTES = (1, 7)
_SINGLE = frozenset({254, 256, 257, 259, 262, 266, 274, 277, 278, 284, 317, 322, 323})
"""Size, compression, kind of pixels and so on: one value each, whatever the entry says."""
_LISTS = frozenset({258, 273, 279, 292, 293, 320, 324, 325, 332, 338, 339, 529, 530, 531, 532})
_OLD_JPEG = frozenset({512, 513, 514, 515, 517, 518, 519, 520, 521})
_BLOBS = frozenset({347, 34675})
"""JPEG tables and the ICC profile: any length that the file holds."""
_NEEDED = _SINGLE | _LISTS | _OLD_JPEG | _BLOBS
_SUBFILE_TYPE, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 254, 259, 262, 274
_UNCOMPRESSED, _YCBCR = 1, 6


def first_page(data: bytes, name: str) -> tuple[bytes, int]:
    """The file with one directory that holds only what is needed, and its orientation (1 … 8).

    Args:
        data: the whole file.
        name: what messages call the picture.

    Raises:
        TruncatedImage: an entry lies outside the file.
        UnsupportedImage: the first page is only a small preview (a camera's raw file), or of a
            kind that would come out in wrong colors.
        struct.error: the directory itself lies outside the file.
    """
    order = "<" if data.startswith(b"II") else ">"
    big = b"+" in data[2:4]
    pointer, counter = ("Q", "Q") if big else ("L", "H")
    (directory,) = struct.unpack_from(order + pointer, data, 8 if big else 4)
    (count,) = struct.unpack_from(order + counter, data, directory)
    if count > _MOST_ENTRIES:
        raise damaged(name, "TIFF")
    entry = struct.Struct(order + "HH" + pointer + ("8s" if big else "4s"))
    start = directory + struct.calcsize("=" + counter)
    kept: dict[int, bytes] = {}
    for number in range(count):
        tag, kind, items, value = entry.unpack_from(data, start + number * entry.size)
        fits = kind in _BYTES if tag in _BLOBS else kind in _ITEM_BYTES
        if tag in _NEEDED and tag not in kept and items and fits:
            items, value = _checked(data, name, (tag, kind, items, value), order + pointer)
            kept[tag] = entry.pack(tag, kind, items, value)
    if _value(kept, _SUBFILE_TYPE, order) & 1:
        raise UnsupportedImage(f"{name} is a camera's raw file, which is not supported", CONVERT)
    if _value(kept, _PHOTOMETRIC, order) == _YCBCR and _value(kept, _COMPRESSION, order) == _UNCOMPRESSED:
        # Pillow takes these for RGB with a byte of padding.
        raise UnsupportedImage(f"{name} is an uncompressed YCbCr TIFF, which is not supported", CONVERT)
    orientation = _value(kept, _ORIENTATION, order)
    kept.pop(_ORIENTATION, None)  # it is applied by us, as for every format
    table = struct.pack(order + counter, len(kept)) + b"".join(kept.values()) + bytes(8 if big else 4)
    page = bytearray(data)
    page[directory : directory + len(table)] = table
    return bytes(page), orientation if 1 <= orientation <= 8 else 1


def _checked(data: bytes, name: str, field: tuple[int, int, int, bytes], pointer: str) -> tuple[int, bytes]:
    """Number of items and value (or place of the values) of an entry; errors as :func:`first_page`."""
    tag, kind, items, value = field
    if tag not in _BLOBS and items > _MOST_ITEMS:
        raise absurd(name, "TIFF", f"a table of more than {_MOST_ITEMS:,} items")
    width = _ITEM_BYTES[kind]
    size = items * width
    if size > len(value):
        (place,) = struct.unpack(pointer, value)
        if place + size > len(data):
            raise damaged(name, "TIFF")
        if tag in _SINGLE and width <= len(value):  # the first value moves into the entry
            value = data[place : place + width].ljust(len(value), b"\0")
    return (1 if tag in _SINGLE else items), value


def _value(kept: dict[int, bytes], tag: int, order: str) -> int:
    """The single whole number of an entry, 0 if it is not there."""
    if tag not in kept:
        return 0
    field = kept[tag]
    inline = 8 if len(field) == 20 else 4
    (kind,) = struct.unpack_from(order + "H", field, 2)
    place = len(field) - inline
    return int.from_bytes(
        field[place : place + min(_ITEM_BYTES[kind], inline)], "little" if order == "<" else "big"
    )
