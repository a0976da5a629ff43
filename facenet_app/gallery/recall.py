"""Measuring how far an approximate search has to look until it comes upon the nearest row, against
comparing with all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from facenet_app.gallery.indexed_query import IndexedQuery
from facenet_app.gallery.server_vectors import vectors_sent

__all__ = ["STEPS", "Recalls", "measure_recalls"]

PROBES: Final = 1000
"""Searches of a measurement."""

STEPS: Final = (10, 20, 40, 60, 80, 120, 160, 200, 300, 400, 600, 800, 1000)
"""Numbers of rows that a search may look at."""

_CHUNK: Final = 10_000
_NOISE: Final = 1.1
"""Length of what is added to an enrolled embedding where nobody has two pictures that would show it: with the
default model two pictures of a person of LFW are about so far apart."""
_SEED: Final = 20260101


@dataclass(frozen=True, slots=True)
class Recalls:
    """How often a search for somebody who is enrolled finds the nearest row.

    ``shares`` are by the number of rows looked at. ``sure`` is the least distance of any probe from somebody
    else: whoever is found nearer than that is the nearest.
    """

    shares: Mapping[int, float] = field(default_factory=dict)
    sure: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {"shares": dict(self.shares), "sure": self.sure}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls({int(rows): share for rows, share in data["shares"].items()}, data["sure"])


@dataclass(frozen=True, slots=True, eq=False)
class _Probes:
    """``vectors`` are float32 (probes, dimension), each like a new picture of whom ``of`` names."""

    vectors: NDArray[np.float32]
    of: Sequence[str]


def measure_recalls(connection: Connection, query: IndexedQuery) -> Recalls:
    """Look with probes like new pictures of enrolled people for the row that is truly the nearest.

    Args:
        connection: in a transaction that sees one state throughout.
        query: the search, in a table with at least two rows.
    """
    probes = _probes(connection, query)
    nearest, sure = _compared_with_all(connection, query, probes)
    query.prepare(connection)
    places = np.array(
        [
            _place(owner, query.owners(connection, vector, STEPS[-1]))
            for vector, owner in zip(probes.vectors, nearest, strict=True)
        ]
    )
    return Recalls({rows: float((places < rows).mean()) for rows in STEPS}, sure)


def _place(owner: str, owners: list[str]) -> float:
    """How many rows come before the first of this owner's."""
    return owners.index(owner) if owner in owners else np.inf


def _probes(connection: Connection, query: IndexedQuery) -> _Probes:
    """Unit vectors like those of new pictures of enrolled people.

    To the mean of somebody's samples is added how far somebody else's sample is from the mean of theirs,
    enlarged by what means of few hide: n samples are nearer to their own mean than a new one is, by a factor
    whose square is 1 - 1 / n in place of 1 + 1 / n on average.
    """
    people = _some_people(connection, query.fingerprint)
    rng = np.random.default_rng(_SEED)
    chosen = [people[row] for row in rng.integers(len(people), size=PROBES)]
    apart = [
        each
        for person in people
        if len(person.vectors) > 1
        for each in (person.vectors - person.mean) / np.sqrt(1 - 1 / len(person.vectors))
    ]
    dimension = chosen[0].vectors.shape[1]
    if apart:
        noise = np.array(apart)[rng.integers(len(apart), size=PROBES)]
    else:
        noise = _NOISE / np.sqrt(2 * dimension) * rng.normal(size=(PROBES, dimension))
    unknown = np.array([np.sqrt(1 + 1 / len(person.vectors)) for person in chosen])
    made = np.array([person.mean for person in chosen]) + unknown[:, np.newaxis] * noise
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    firsts = np.array([person.vectors[0] for person in chosen])
    unit: NDArray[np.float64] = np.where(lengths > 0, made / np.maximum(lengths, 1e-9), firsts)
    return _Probes(unit.astype(np.float32), [person.id for person in chosen])


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """Samples float32 (n, dimension)."""

    id: str
    vectors: NDArray[np.float32]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Not normalized."""
        mean: NDArray[np.float64] = self.vectors.mean(axis=0, dtype=np.float64)
        return mean


def _some_people(connection: Connection, fingerprint: str) -> list[_Person]:
    """About twice as many as there are probes, or all."""
    count = connection.execute(text("SELECT count(*) FROM centroids")).scalar_one()
    share = min(100.0, 200.0 * PROBES / count)
    drawn = text(
        "SELECT identity_id, vector_send(vector) AS sent FROM sample_vectors "
        "WHERE fingerprint = :whose AND identity_id IN (SELECT identity_id FROM centroids "
        "TABLESAMPLE BERNOULLI (:share) REPEATABLE (:seed)) ORDER BY identity_id, number"
    )
    rows = connection.execute(drawn, {"whose": fingerprint, "share": share, "seed": _SEED}).all()
    return [
        _Person(owner, vectors_sent([row.sent for row in own]))
        for owner, own in groupby(rows, attrgetter("identity_id"))
    ]


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
    closest = min(float(other.max()), 1.0)
    return [str(owner) for owner in owners], float(np.sqrt(2 - 2 * closest)) if closest > -1 else 0.0


def _mask_own(products: NDArray[np.float32], whose: NDArray[np.str_], of: Sequence[str]) -> None:
    """Take the rows of a probe's own person out: (probes, rows), owners of the rows and of the probes."""
    order = np.argsort(whose, kind="stable")
    starts, ends = (np.searchsorted(whose, of, side, order) for side in ("left", "right"))
    for probe in np.flatnonzero(starts < ends):
        products[probe, order[starts[probe] : ends[probe]]] = -np.inf
