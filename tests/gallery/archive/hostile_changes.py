"""Changes that make a sound archive a hostile one, with all checksums put right again."""

import hashlib
import io
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from archives import Members, vouched, with_lines, with_manifest
from drafts import unit
from PIL import Image
from safetensors.numpy import save

from facenet_app.gallery.archive_format import EMBEDDINGS, MANIFEST, SAMPLES, TENSOR

PICTURES = 4
"""In the archive that is changed; see the fixture ``sound``."""
Change = Callable[[Members], Members]


def set_first(member: str, /, **values: object) -> Change:
    return lambda members: with_lines(members, member, lambda lines: lines[0].update(values))


def in_quality(**values: object) -> Change:
    return lambda members: with_lines(members, SAMPLES, lambda lines: lines[0]["quality"].update(values))


def vectors(change: Callable[[Any], Any]) -> Change:
    def apply(members: Members) -> Members:
        tensor = change(np.stack([unit(seed) for seed in range(PICTURES)]))
        return vouched({**members, EMBEDDINGS: save({TENSOR: tensor})})

    return apply


def set_item(index: tuple[int, int], value: float) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array[index] = value
        return array

    return change


def crop_replaced(png: bytes) -> Change:
    """Another crop for the first sample, with its checksum."""

    def apply(members: Members) -> Members:
        first = json.loads(members[SAMPLES].splitlines()[0])
        entry = {**first["crop"], "bytes": len(png), "sha256": hashlib.sha256(png).hexdigest()}
        changed = with_lines(members, SAMPLES, lambda lines: lines[0].update(crop=entry))
        return {**changed, f"crops/{first['id']}.png": png}

    return apply


def png_of(width: int, height: int) -> bytes:
    """A picture of zeros that unfolds to far more than it has: one byte for a thousand."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 3 * width) * 1000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def more(name: str, data: bytes = b"x") -> Change:
    return lambda members: {**members, name: data}


def without(name: str) -> Change:
    return lambda members: {key: value for key, value in members.items() if key != name}


def lines_of(name: str, data: Callable[[bytes], bytes]) -> Change:
    return lambda members: vouched({**members, name: data(members[name])})


def doubled(name: str) -> Change:
    return lambda members: with_lines(members, name, lambda lines: lines.append(lines[0]))


def counted(name: str, field: str) -> Change:
    """One line twice, and counted as such."""
    return lambda members: with_manifest(
        doubled(name)(members), **{field: json.loads(members[MANIFEST])[field] + 1}
    )
