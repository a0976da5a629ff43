"""Embeddings by another model that wait until all of them are there, inside a transaction of the caller."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select

from facenet_app.gallery.rows import vector_from_bytes, vector_to_bytes
from facenet_app.gallery.schema import fresh_embeddings, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["drop_fresh", "fresh_ids", "fresh_vectors", "keep_fresh"]


def fresh_ids(connection: Connection, fingerprint: str) -> set[str]:
    """The samples whose embedding by this model is there."""
    done = select(fresh_embeddings.c.sample_id).where(fresh_embeddings.c.fingerprint == fingerprint)
    return set(connection.execute(done).scalars())


def fresh_vectors(connection: Connection, fingerprint: str) -> dict[str, NDArray[np.float32]]:
    """The embeddings by this model: id of the sample -> float32 (dimension,).

    Raises:
        ValueError: one cannot be read back.
    """
    cipher = cipher_of(connection)
    table = fresh_embeddings.c
    columns = select(table.sample_id, table.embedding, table.dimension)
    rows = connection.execute(columns.where(table.fingerprint == fingerprint))
    return {
        row.sample_id: vector_from_bytes(cipher.vector(row.embedding, row.sample_id), row.dimension)
        for row in rows
    }


def keep_fresh(connection: Connection, fingerprint: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Keep these embeddings of samples by id, of those that are still there; another model's go."""
    connection.execute(delete(fresh_embeddings).where(fresh_embeddings.c.fingerprint != fingerprint))
    table = fresh_embeddings.c.sample_id
    connection.execute(delete(fresh_embeddings).where(table.in_(vectors)))  # two programs did the same work
    there = connection.execute(select(samples.c.id).where(samples.c.id.in_(vectors))).scalars()
    cipher = cipher_of(connection)
    rows = [
        {
            "sample_id": key,
            "fingerprint": fingerprint,
            "dimension": len(vectors[key]),
            "embedding": cipher.sealed({"id": key, "embedding": vector_to_bytes(vectors[key])})["embedding"],
        }
        for key in there
    ]
    if rows:
        connection.execute(insert(fresh_embeddings), rows)


def drop_fresh(connection: Connection) -> None:
    """Forget all of them."""
    connection.execute(delete(fresh_embeddings))
