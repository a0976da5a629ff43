"""What a row of a damaged gallery says, if every value of it can be what it claims to be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Table

from facenet_app.gallery.archive_format import PersonLine, PointLine, QualityLine, SampleLine
from facenet_app.gallery.cipher import Cipher
from facenet_app.gallery.damaged_file import UNREADABLE
from facenet_app.gallery.names import name_key
from facenet_app.gallery.rows import crop_from_png, is_unit, quality_from, vector_from_bytes
from facenet_app.gallery.schema import UtcTime, identities, operating_points, samples

__all__ = ["BelievedSample", "believed_crop", "believed_person", "believed_point", "believed_sample"]

_MAY_BE_MISSING: Final = ("exposure", "pose", "score", "file_sha256")
"""Of a sample; what older programs did not store. They lie behind the crop, which can be torn."""


@dataclass(frozen=True, slots=True, eq=False)
class BelievedSample:
    """A sample without its crop; ``vector`` is float32 (dimension,), of length 1."""

    line: SampleLine
    vector: NDArray[np.float32]
    alignment: str | None


def believed_person(row: Mapping[str, Any], cipher: Cipher) -> PersonLine:
    """A person.

    Raises:
        ValueError: a value cannot be read, or cannot be what it claims to be.
    """
    values = cipher.opened(_values(identities, row))
    line = PersonLine(**{name: values[name] for name in PersonLine.model_fields})
    if values["name_key"] != cipher.lookup(name_key(line.name)):
        raise ValueError("a name that does not belong to its key")
    return line


def believed_sample(row: Mapping[str, Any], fingerprint: str, cipher: Cipher) -> BelievedSample:
    """A sample of the model with this fingerprint. ``row`` is without the crop.

    Raises:
        ValueError: as :func:`believed_person`.
    """
    missing = {name: None for name in _MAY_BE_MISSING if row.get(name) is UNREADABLE}
    values = cipher.opened(_values(samples, {**row, **missing}))
    vector = vector_from_bytes(values["embedding"], values["dimension"])
    if values["fingerprint"] != fingerprint or not is_unit(vector[np.newaxis]).all():
        raise ValueError("not an embedding of the gallery's model")
    quality = QualityLine.of(quality_from(values))
    line = SampleLine(
        **{name: values[name] for name in SampleLine.model_fields if name not in ("quality", "crop")},
        quality=quality,
        crop=None,
    )
    return BelievedSample(line, vector, values["alignment"])


def believed_crop(stored: object, sample: BelievedSample, cipher: Cipher) -> bytes:
    """The PNG of a sample's crop.

    Raises:
        ValueError: it cannot be read, or is no picture.
    """
    png = cipher.opened({"id": sample.line.id, "crop": stored})["crop"]
    if not isinstance(sample.alignment, str) or not isinstance(png, bytes):
        raise ValueError("a crop that is none")
    crop_from_png(png, sample.alignment)
    return png


def believed_point(row: Mapping[str, Any]) -> PointLine:
    """An operating point. Raises as :func:`believed_person`."""
    return PointLine(**_values(operating_points, row))


def _values(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values as SQLAlchemy would give them."""
    values = dict(row)
    for name, value in row.items():
        if value is UNREADABLE:
            raise ValueError(f"{name} cannot be read")
        kind = table.c[name].type
        try:
            if value is not None and isinstance(kind, UtcTime):
                values[name] = datetime.fromisoformat(value).replace(tzinfo=UTC)
            elif value is not None and isinstance(kind, JSON):
                values[name] = json.loads(value)
        except (TypeError, RecursionError) as error:
            raise ValueError(f"{name} is not what it should be") from error
    return values
