"""TIFF files built from their fields, for kinds that no library at hand writes."""

import struct


def tiff(tags: dict[int, tuple[int, int]], strip: bytes) -> bytes:
    """A little-endian TIFF of one strip; ``tags`` maps to (type, value), of one item each."""
    tags = {**tags, 273: (4, 8), 279: (4, len(strip))}
    entries = b"".join(
        struct.pack("<HHLL", tag, kind, 1, value) for tag, (kind, value) in sorted(tags.items())
    )
    body = strip + bytes(len(strip) % 2)
    return (
        b"II*\0" + struct.pack("<L", 8 + len(body)) + body + struct.pack("<H", len(tags)) + entries + bytes(4)
    )


def gray_tiff(values: list[int], bits: int, photometric: int, strip: bytes, sample_format: int = 1) -> bytes:
    return tiff(
        {
            256: (4, len(values)),
            257: (4, 1),
            258: (3, bits),
            259: (3, 1),
            262: (3, photometric),
            277: (3, 1),
            339: (3, sample_format),
        },
        strip,
    )
