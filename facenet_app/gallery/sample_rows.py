"""Samples in the tables: a row each, and the crop, which is most of the bytes, in a table of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select, text

from facenet_app.gallery.changelog import ChangeKind, log_samples
from facenet_app.gallery.schema import crops, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["insert_samples", "select_samples"]

_INSERT_CROP: Final = text(
    "INSERT INTO crops (sample_number, crop) SELECT number, :crop FROM samples WHERE id = :id"
)


def select_samples() -> Select[Any]:
    """Every sample with all of its columns and ``crop``, None if there is none; narrow it with ``where``."""
    return select(samples, crops.c.crop).outerjoin(crops, crops.c.sample_number == samples.c.number)


def insert_samples(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store samples and note in the change log that they were added.

    Args:
        connection: of a transaction that writes.
        rows: one or more, with the columns of ``samples`` but ``number``, and ``crop``: a PNG or None.
    """
    last = connection.execute(select(func.coalesce(func.max(samples.c.number), 0))).scalar_one()
    cipher = cipher_of(connection)
    sealed = [cipher.sealed(row) for row in rows]
    pictures = [{"id": row["id"], "crop": row.pop("crop")} for row in sealed]
    connection.execute(insert(samples), sealed)
    if kept := [picture for picture in pictures if picture["crop"] is not None]:
        connection.execute(_INSERT_CROP, kept)
    log_samples(connection, ChangeKind.SAMPLE_ADDED, samples.c.number > last)
