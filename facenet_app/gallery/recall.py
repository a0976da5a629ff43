"""Measuring how far an approximate search has to look until it comes upon the nearest row, against
comparing with all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from facenet_app.gallery.indexed_query import IndexedQuery
from facenet_app.gallery.made_up_probes import Probes, made_up_probes
from facenet_app.gallery.server_vectors import vectors_sent

__all__ = ["STEPS", "Recalls", "measure_recalls"]

STEPS: Final = (10, 20, 40, 60, 80, 120, 160, 200, 300, 400, 600, 800, 1000)
"""Numbers of rows that a search may look at."""

_AT_FIRST: Final = 80
"""Rows among which the nearest mostly is; more are asked for where it is not."""

_CHUNK: Final = 10_000
_TOO_NEAR: Final = 2
"""Probes that may be nearer to somebody else, because a person is enrolled under two names."""


@dataclass(frozen=True, slots=True)
class Recalls:
    """How often a search for somebody who is enrolled finds the nearest row.

    ``sure`` is about the least distance of any probe from somebody else: whoever is found nearer than that is
    the nearest. ``shares`` are by the number of rows looked at, of the probes that have somebody so near; for
    the others nobody should be named, so it does not matter who is the nearest.
    """

    shares: Mapping[int, float] = field(default_factory=dict)
    sure: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {"shares": dict(self.shares), "sure": self.sure}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls({int(rows): share for rows, share in data["shares"].items()}, data["sure"])


def measure_recalls(connection: Connection, query: IndexedQuery) -> Recalls:
    """Look with probes like new pictures of enrolled people for the row that is truly the nearest.

    Args:
        connection: in a transaction that sees one state throughout.
        query: the search, in a table with at least two rows.
    """
    probes = made_up_probes(connection, query.fingerprint)
    nearest = _compared_with_all(connection, query, probes)
    query.prepare(connection)
    places = np.array(
        [
            _place(connection, query, probes.vectors[probe], nearest.owners[probe])
            for probe in np.flatnonzero(nearest.far < nearest.sure).tolist()
        ]
    )
    # A thousand probes tell no more than three digits.
    found = {rows: round(float((places < rows).mean()), 3) if len(places) else 0.0 for rows in STEPS}
    return Recalls(found, nearest.sure)


def _place(connection: Connection, query: IndexedQuery, probe: NDArray[np.float32], owner: str) -> float:
    """How many rows come before the first of this owner's."""
    for rows in _AT_FIRST, STEPS[-1]:
        owners = query.owners(connection, probe, rows)
        if owner in owners:
            return owners.index(owner)
    return np.inf


@dataclass(frozen=True, slots=True, eq=False)
class _Nearest:
    """Whose row is nearest to each probe, how far it is, and :attr:`Recalls.sure`."""

    owners: Sequence[str]
    far: NDArray[np.float32]
    sure: float


def _compared_with_all(connection: Connection, query: IndexedQuery, probes: Probes) -> _Nearest:
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
    far, apart = (np.sqrt(np.clip(2 - 2 * each, 0, 4)) for each in (best, other))
    return _Nearest(owners.tolist(), far, float(np.sort(apart)[_TOO_NEAR]))


def _mask_own(products: NDArray[np.float32], whose: NDArray[np.str_], of: Sequence[str]) -> None:
    """Take the rows of a probe's own person out: (probes, rows), owners of the rows and of the probes."""
    order = np.argsort(whose, kind="stable")
    starts, ends = (np.searchsorted(whose, of, side, order) for side in ("left", "right"))
    for probe in np.flatnonzero(starts < ends):
        products[probe, order[starts[probe] : ends[probe]]] = -np.inf
