"""Binding a gallery to another model: every embedding anew, from the crops."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select, update

from facenet_app.domain import AuditAction, FaceCrop
from facenet_app.errors import GalleryError
from facenet_app.gallery.audit import record
from facenet_app.gallery.changelog import reload_all
from facenet_app.gallery.database import Database
from facenet_app.gallery.faults import damaged
from facenet_app.gallery.rows import crop_from_png, unit_vector, vector_to_bytes
from facenet_app.gallery.schema import gallery, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["Embed", "reembed_gallery"]

Embed = Callable[[Sequence[FaceCrop]], NDArray[np.float32]]
"""Crops -> float32 (crops, dimension), rows of length 1."""

BATCH: Final = 32


def reembed_gallery(
    database: Database,
    model: str,
    fingerprint: str,
    embed: Embed,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """See :meth:`facenet_app.gallery.store.GalleryStore.reembed`."""
    fresh: dict[str, NDArray[np.float32]] = {}
    with database.reading() as connection:
        missing = _sample_ids(connection)
    while True:
        # The network runs outside of any transaction: nobody has to wait for it.
        for ids, crops in _batches(database, missing):
            fresh.update(zip(ids, _checked(embed(crops), len(crops)), strict=True))
            if progress is not None:
                progress(len(fresh), len(fresh.keys() | missing))
        with database.writing() as connection:
            # A crop never changes, so all that others can have done meanwhile is to add and remove.
            there = _sample_ids(connection)
            before, missing = missing, [sample_id for sample_id in there if sample_id not in fresh]
            if not missing:
                _switch(connection, model, fingerprint, {key: fresh[key] for key in there})
                return len(there)
            if not set(missing).isdisjoint(before):  # listed, but not found: the file contradicts itself
                raise damaged(database.path)


def _sample_ids(connection: Connection) -> list[str]:
    """Ids of all samples, oldest first.

    Raises:
        GalleryError: some of them have no crop to make an embedding from.
    """
    rows = connection.execute(select(samples.c.id, samples.c.crop.is_(None)).order_by(samples.c.number)).all()
    cropless = sum(no_crop for _, no_crop in rows)
    if cropless:
        raise GalleryError(
            f"{cropless} of {len(rows)} samples have no crop to embed again, so nothing was changed",
            "remove these people, change the model, and enroll them again",
        )
    return [sample_id for sample_id, _ in rows]


def _checked(vectors: NDArray[np.float32], faces: int) -> NDArray[np.float32]:
    """The vectors, if they are one unit vector for each face.

    Raises:
        GalleryError: they are something else.
    """
    if len(vectors) != faces:
        raise GalleryError(
            f"the model gave {len(vectors)} embeddings for {faces} faces",
            "check the model with `facenet-app doctor`",
        )
    for vector in vectors:
        unit_vector(vector)
    return vectors


def _batches(database: Database, ids: Sequence[str]) -> Iterator[tuple[list[str], list[FaceCrop]]]:
    """The crops of the samples that are still there."""
    columns = select(samples.c.id, samples.c.crop, samples.c.alignment)
    for start in range(0, len(ids), BATCH):
        with database.reading() as connection:
            rows = connection.execute(columns.where(samples.c.id.in_(ids[start : start + BATCH]))).all()
            cipher = cipher_of(connection)
            opened = [cipher.opened(row._mapping) for row in rows]
            crops = [crop_from_png(row["crop"], row["alignment"]) for row in opened]
        if rows:
            yield [row.id for row in rows], crops


def _switch(
    connection: Connection, model: str, fingerprint: str, vectors: Mapping[str, NDArray[np.float32]]
) -> None:
    """Put in all of the new embeddings, and whose they are."""
    unwiped = {"unwiped_revision": gallery.c.revision}  # what the old embeddings were
    connection.execute(update(gallery).values(model=model, fingerprint=fingerprint, **unwiped))
    reload_all(connection)
    record(connection, AuditAction.REEMBED, samples=len(vectors))
    if vectors:
        cipher = cipher_of(connection)
        one = update(samples).where(samples.c.id == bindparam("which"))
        connection.execute(
            one.values(embedding=bindparam("vector"), dimension=bindparam("size"), fingerprint=fingerprint),
            [
                {
                    "which": key,
                    "vector": cipher.sealed({"id": key, "embedding": vector_to_bytes(vector)})["embedding"],
                    "size": len(vector),
                }
                for key, vector in vectors.items()
            ],
        )
