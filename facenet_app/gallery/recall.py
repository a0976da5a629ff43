"""Measuring how often an approximate search finds the nearest row, against comparing with all of them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, text

from facenet_app.gallery.indexed_query import IndexedQuery
from facenet_app.gallery.server_vectors import vectors_sent

__all__ = ["measure_recalls"]

PROBES: Final = 1000
"""Searches of a measurement, every other one for a face between two enrolled people."""

FOUND: Final = 9
"""Rows that a search for one person fetches; they are compared exactly, so any place among them will do."""

_CHUNK: Final = 10_000
_NOISE: Final = 0.8
"""Length of what is added to an enrolled embedding: another picture of a person is about so far away."""
_SEED: Final = 20260101


def measure_recalls(
    connection: Connection, query: IndexedQuery, efforts: Sequence[int]
) -> Iterator[tuple[int, float]]:
    """Each effort with the share of probes whose nearest row is found with it, in the order given.

    Args:
        connection: in a transaction that sees one state throughout.
        query: the search, in a table with at least two rows.
        efforts: values of ``hnsw.ef_search``.
    """
    probes = _probes(connection, query)
    nearest = _nearest_owners(connection, query, probes)
    for effort in efforts:
        query.prepare(connection, effort)
        hits = sum(
            owner in query.owners(connection, probe, FOUND)
            for probe, owner in zip(probes, nearest, strict=True)
        )
        yield effort, hits / len(probes)


def _probes(connection: Connection, query: IndexedQuery) -> NDArray[np.float32]:
    """Unit vectors like those of new pictures of enrolled people, and as many between two of them.

    Faces far from everybody are not among them: whom a search gives for those is too far to be named,
    so it does not matter that an index often gives the second nearest.
    """
    rows = connection.execute(text(f"SELECT count(*) FROM {query.table}")).scalar_one()  # noqa: S608 (constant)
    share = min(100.0, 400.0 * PROBES / rows)  # four times as many as needed, so that chance leaves enough
    drawn = f"SELECT vector_send(vector) FROM {query.table} TABLESAMPLE BERNOULLI ({share})"  # noqa: S608 (constant)
    some = vectors_sent(connection.execute(text(f"{drawn} REPEATABLE ({_SEED})")).scalars().all())
    rng = np.random.default_rng(_SEED)
    first, second = some[rng.integers(len(some), size=(2, PROBES))]
    noise = rng.normal(size=first.shape) / np.sqrt(first.shape[1])
    made = np.where(np.arange(PROBES)[:, np.newaxis] % 2, first + second, first + _NOISE * noise)
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.where(lengths > 0, made / np.maximum(lengths, 1e-9), first)
    return unit.astype(np.float32)


def _nearest_owners(connection: Connection, query: IndexedQuery, probes: NDArray[np.float32]) -> list[str]:
    """Whose row is nearest to each probe, by comparing with every row."""
    best = np.full(len(probes), -np.inf, np.float32)
    owners = np.full(len(probes), "", "U32")
    everybody = text(f"SELECT identity_id, vector_send(vector) AS sent FROM {query.table}")  # noqa: S608 (constant)
    with connection.execute(everybody.execution_options(yield_per=_CHUNK)) as rows:
        for part in rows.partitions():
            near, whose = _nearest_of(part, probes)
            better = near > best
            best[better], owners[better] = near[better], whose[better]
    return [str(owner) for owner in owners]


def _nearest_of(
    rows: Sequence[Row[Any]], probes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """For each probe the largest dot product with these rows, and the owner of that row."""
    products = probes @ vectors_sent([row.sent for row in rows]).T
    at = products.argmax(axis=1)
    return products[np.arange(len(probes)), at], np.array([row.identity_id for row in rows], "U32")[at]
