"""The search index, read from the tables."""

from datetime import datetime

import numpy as np
from sqlalchemy import select

from facenet_app.gallery.consent import unexpired
from facenet_app.gallery.database import Database
from facenet_app.gallery.faults import damaged
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.rows import is_unit
from facenet_app.gallery.schema import gallery, identities, samples

__all__ = ["load_index"]


def load_index(database: Database, now: datetime) -> tuple[int, SearchIndex]:
    """The revision of the gallery and everybody in it at that revision whose consent holds ``now``.

    Raises:
        GalleryError: an embedding has the wrong dimension or is not of length 1.
    """
    query = (
        select(samples.c.id, samples.c.identity_id, identities.c.name, samples.c.embedding)
        .join(identities, identities.c.id == samples.c.identity_id)
        .where(unexpired(now))
        .order_by(samples.c.identity_id, samples.c.number)
    )
    with database.reading() as connection:
        header = connection.execute(select(gallery)).one()
        rows = connection.execute(query.where(samples.c.fingerprint == header.fingerprint)).all()
    if not all(isinstance(row.embedding, bytes) for row in rows):
        raise damaged(database.path)
    sizes = {len(row.embedding) for row in rows}
    if len(sizes) > 1 or any(size == 0 or size % 4 for size in sizes):
        raise damaged(database.path)
    vectors = np.frombuffer(b"".join(row.embedding for row in rows), "<f4").astype(np.float32, copy=False)
    vectors = vectors.reshape(len(rows), -1) if rows else vectors.reshape(0, 0)
    if not is_unit(vectors).all():
        raise damaged(database.path)
    index = SearchIndex(
        header.fingerprint,
        vectors,
        [row.id for row in rows],
        [row.identity_id for row in rows],
        [row.name for row in rows],
    )
    return header.revision, index
