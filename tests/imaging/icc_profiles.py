"""ICC matrix profiles, built from their numbers (ICC.1:2022), for tests of color conversion."""

import struct

import numpy as np
from numpy.typing import NDArray

D50 = (0.9642, 1.0, 0.8249)
SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D65 = np.array([0.95047, 1.0, 1.08883])


def rgb_to_xyz(primaries: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """Linear RGB of a D65 space to XYZ relative to D50, which profiles use."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    to_d65 = columns * np.linalg.solve(columns, _D65)
    cone = np.diag((_BRADFORD @ np.array(D50)) / (_BRADFORD @ _D65))
    return np.linalg.inv(_BRADFORD) @ cone @ _BRADFORD @ to_d65


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def rgb_profile(primaries: tuple[tuple[float, float], ...]) -> bytes:
    """A display profile with these primaries, white D65 and the tone curve of sRGB."""
    matrix = rgb_to_xyz(primaries)
    curve = b"para\0\0\0\0\0\3\0\0" + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    text = "test".encode("utf-16-be")
    words = b"mluc\0\0\0\0" + struct.pack(">LL2s2sLL", 1, 12, b"en", b"US", len(text), 28) + text
    tags = [(b"desc", words), (b"cprt", words), (b"wtpt", b"XYZ \0\0\0\0" + _fixed(*D50))]
    for index, letter in enumerate(b"rgb"):
        tags.append((bytes([letter]) + b"XYZ", b"XYZ \0\0\0\0" + _fixed(*matrix[:, index])))
        tags.append((bytes([letter]) + b"TRC", curve))
    table, body = struct.pack(">L", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags:
        table += struct.pack(">4sLL", name, start + len(body), len(value))
        body += value.ljust(-(-len(value) // 4) * 4, b"\0")
    header = struct.pack(">L4sL4s4s4s", start + len(body), b"\0" * 4, 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*D50)
    return header.ljust(128, b"\0") + table + body


def cmyk_profile() -> bytes:
    """A CMYK profile (ICC.1, type mft1) by which every color is a gray: darker with more ink."""
    inks = np.stack(np.meshgrid(*[[0.0, 1.0]] * 4, indexing="ij"), -1).reshape(16, 4)
    lightness = 255 * (1 - inks[:, 3]) * (1 - inks[:, :3].mean(axis=1))
    lab = np.stack([lightness, np.full(16, 128), np.full(16, 128)], -1).round().astype(np.uint8)
    identity = struct.pack(">9l", *(65536 if index % 4 == 0 else 0 for index in range(9)))
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + lab.tobytes() + ramp * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3l", *(round(value * 65536) for value in D50))
    start = 128 + 4 + 24
    header = struct.pack(
        ">L4sL4s4s4s", start + len(table) + len(white), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab "
    )
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white[8:]
    tags = struct.pack(">L4sLL4sLL", 2, b"A2B0", start, len(table), b"wtpt", start + len(table), len(white))
    return header.ljust(128, b"\0") + tags + table + white
