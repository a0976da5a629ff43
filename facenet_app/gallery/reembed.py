"""Binding a gallery to another model: every embedding anew, from the crops.

The new embeddings wait in a table of their own until all are there; then one transaction puts them in.
So whoever searches meanwhile finds the old ones, and what was done is not lost when the program stops.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
from facenet_app.gallery.fresh import drop_fresh, fresh_ids, fresh_vectors, keep_fresh
from facenet_app.gallery.rows import crop_from_png, unit_vector, vector_to_bytes
from facenet_app.gallery.schema import crops, gallery, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["Embed", "NewModel", "Progress", "embed_anew", "reembed_gallery"]

Embed = Callable[[Sequence[FaceCrop]], NDArray[np.float32]]
"""Crops -> float32 (crops, dimension), rows of length 1."""

Progress = Callable[[int, int], None]
"""Called with the number of samples done and their number in all."""

BATCH: Final = 32

_OF_SAMPLE: Final = crops.c.sample_number == samples.c.number


@dataclass(frozen=True, slots=True)
class NewModel:
    """What embeds the crops anew: id and fingerprint of the model, and the model at work."""

    id: str
    fingerprint: str
    embed: Embed


def embed_anew(database: Database, model: NewModel, progress: Progress | None = None) -> int:
    """Compute those new embeddings that are not there yet, and keep them beside the old ones.

    Returns:
        The number of samples.

    Raises:
        GalleryError: see :meth:`facenet_app.gallery.store.GalleryStore.reembed`.
    """
    before: set[str] = set()
    while True:
        there, done = database.read(
            lambda connection: (_sample_ids(connection), fresh_ids(connection, model.fingerprint))
        )
        missing = [sample_id for sample_id in there if sample_id not in done]
        if not before.isdisjoint(missing):  # listed, but not found: the file contradicts itself
            raise damaged(database.place)
        if not missing:
            return len(there)
        # The network runs outside of any transaction: nobody has to wait for it.
        count = len(there) - len(missing)
        for ids, faces in _batches(database, missing):
            vectors = _checked(model.embed(faces), len(faces))
            made = dict(zip(ids, vectors, strict=True))
            database.write(partial(keep_fresh, fingerprint=model.fingerprint, vectors=made))
            count += len(ids)
            if progress is not None:
                progress(count, len(there))
        before = set(missing)


def reembed_gallery(database: Database, model: NewModel, progress: Progress | None = None) -> int:
    """See :meth:`facenet_app.gallery.store.GalleryStore.reembed`."""

    def switch(connection: Connection) -> int | None:
        # A crop never changes, so all that others can have done meanwhile is to add and remove.
        there = _sample_ids(connection)
        fresh = fresh_vectors(connection, model.fingerprint)
        if fresh.keys() != set(there):
            return None
        _switch(connection, model.id, model.fingerprint, fresh)
        drop_fresh(connection)
        return len(there)

    while True:
        embed_anew(database, model, progress)
        if (count := database.write(switch)) is not None:
            return count


def _sample_ids(connection: Connection) -> list[str]:
    """Ids of all samples, oldest first.

    Raises:
        GalleryError: some of them have no crop to make an embedding from.
    """
    query = select(samples.c.id, crops.c.sample_number.is_(None)).outerjoin(crops, _OF_SAMPLE)
    rows = connection.execute(query.order_by(samples.c.number)).all()
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

    def look(connection: Connection, some: Sequence[str]) -> tuple[list[str], list[FaceCrop]]:
        rows = connection.execute(columns.where(samples.c.id.in_(some))).all()
        cipher = cipher_of(connection)
        opened = [cipher.opened(row._mapping) for row in rows]
        return [row.id for row in rows], [crop_from_png(row["crop"], row["alignment"]) for row in opened]

    columns = select(samples.c.id, crops.c.crop, samples.c.alignment).join(crops, _OF_SAMPLE)
    for start in range(0, len(ids), BATCH):
        found = database.read(partial(look, some=ids[start : start + BATCH]))
        if found[0]:
            yield found


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
