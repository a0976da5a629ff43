"""Measuring how often an approximate search finds the nearest row, against comparing with all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from facenet_app.gallery.indexed_query import IndexedQuery
from facenet_app.gallery.server_vectors import vectors_sent

__all__ = ["Recalls", "measure_recalls"]

PROBES: Final = 1000
"""Searches of a measurement, every other one for a face between two enrolled people."""

FOUND: Final = 9
"""Rows that a search for one person fetches; they are compared exactly, so any place among them will do."""

_CHUNK: Final = 10_000
_NOISE: Final = 0.8
"""Length of what is added to an enrolled embedding: another picture of a person is about so far away."""
_SEED: Final = 20260101


@dataclass(frozen=True, slots=True)
class Recalls:
    """How often a search finds the nearest row, by effort (``hnsw.ef_search``).

    ``alike`` is of probes like new pictures of enrolled people, ``between`` of those as near to two
    people, which an index finds less often. ``sure`` is the least distance of any of the former from
    somebody else: whoever was found nearer than that is the nearest.
    """

    alike: Mapping[int, float] = field(default_factory=dict)
    between: Mapping[int, float] = field(default_factory=dict)
    sure: float = 0.0

    def enough(self, recall: float) -> bool:
        """Whether there is an effort with this recall for all kinds of probes."""
        return min(max(each.values(), default=0) for each in (self.alike, self.between)) >= recall

    def to_dict(self) -> dict[str, Any]:
        return {"alike": dict(self.alike), "between": dict(self.between), "sure": self.sure}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        alike, between = (
            {int(effort): share for effort, share in data[kind].items()} for kind in ("alike", "between")
        )
        return cls(alike, between, data["sure"])


@dataclass(frozen=True, slots=True, eq=False)
class _Probes:
    """``vectors`` are float32 (probes, dimension); every other one is like a picture of whom ``of`` names."""

    vectors: NDArray[np.float32]
    of: Sequence[str]


def measure_recalls(
    connection: Connection, query: IndexedQuery, efforts: Sequence[int], recall: float
) -> Recalls:
    """Measure these efforts in the order given, up to the first with this recall for all probes.

    Args:
        connection: in a transaction that sees one state throughout.
        query: the search, in a table with at least two rows.
        efforts: values of ``hnsw.ef_search``.
        recall: a share of the probes.
    """
    probes = _probes(connection, query)
    nearest, sure = _compared_with_all(connection, query, probes)
    found = Recalls(sure=sure)
    for effort in efforts:
        query.prepare(connection, effort)
        hits = np.array(
            [
                owner in query.owners(connection, vector, FOUND)
                for vector, owner in zip(probes.vectors, nearest, strict=True)
            ]
        )
        alike, between = float(hits[::2].mean()), float(hits[1::2].mean())
        found = Recalls({**found.alike, effort: alike}, {**found.between, effort: between}, sure)
        if found.enough(recall):
            break
    return found


def _probes(connection: Connection, query: IndexedQuery) -> _Probes:
    """Unit vectors like those of new pictures of enrolled people, and as many between two of them.

    Faces far from everybody are not among them: whom a search gives for those is too far to be named,
    so it does not matter that an index often gives the second nearest.
    """
    rows = connection.execute(text(f"SELECT count(*) FROM {query.table}")).scalar_one()  # noqa: S608 (constant)
    share = min(100.0, 400.0 * PROBES / rows)  # four times as many as needed, so that chance leaves enough
    columns = f"SELECT identity_id, vector_send(vector) AS sent FROM {query.table}"  # noqa: S608 (constant)
    sample = text(f"{columns} TABLESAMPLE BERNOULLI ({share}) REPEATABLE ({_SEED})")
    drawn = connection.execute(sample).all()
    some = vectors_sent([row.sent for row in drawn])
    rng = np.random.default_rng(_SEED)
    ones, others = rng.integers(len(some), size=(2, PROBES))
    first, second = some[ones], some[others]
    noise = rng.normal(size=first.shape) / np.sqrt(first.shape[1])
    made = np.where(np.arange(PROBES)[:, np.newaxis] % 2, first + second, first + _NOISE * noise)
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.where(lengths > 0, made / np.maximum(lengths, 1e-9), first)
    return _Probes(unit.astype(np.float32), [drawn[row].identity_id for row in ones])


def _compared_with_all(
    connection: Connection, query: IndexedQuery, probes: _Probes
) -> tuple[list[str], float]:
    """Whose row is nearest to each probe, and :attr:`Recalls.sure`."""
    count = len(probes.vectors)
    best, other = np.full(count, -np.inf, np.float32), np.full(count, -np.inf, np.float32)
    owners = np.full(count, "", "U32")
    everybody = text(f"SELECT identity_id, vector_send(vector) AS sent FROM {query.table}")  # noqa: S608 (constant)
    with connection.execute(everybody.execution_options(yield_per=_CHUNK)) as rows:
        for part in rows.partitions():
            products = probes.vectors @ vectors_sent([row.sent for row in part]).T
            whose = np.array([row.identity_id for row in part], "U32")
            at = products.argmax(axis=1)
            near = products[np.arange(count), at]
            better = near > best
            best[better], owners[better] = near[better], whose[at][better]
            _mask_own(products, whose, probes.of)
            other = np.maximum(other, products.max(axis=1))
    closest = min(float(other[::2].max()), 1.0)
    return [str(owner) for owner in owners], float(np.sqrt(2 - 2 * closest)) if closest > -1 else 0.0


def _mask_own(products: NDArray[np.float32], whose: NDArray[np.str_], of: Sequence[str]) -> None:
    """Take the rows of a probe's own person out: (probes, rows), owners of the rows and of the probes."""
    order = np.argsort(whose, kind="stable")
    starts, ends = (np.searchsorted(whose, of, side, order) for side in ("left", "right"))
    for probe in np.flatnonzero(starts < ends):
        products[probe, order[starts[probe] : ends[probe]]] = -np.inf
