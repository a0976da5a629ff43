"""One search by a pgvector HNSW index: its text, and how hard it looks."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, String, bindparam, text

from facenet_app.gallery.server_vectors import as_text

__all__ = ["MOST_EFFORT", "IndexedQuery"]

MOST_EFFORT: Final = 1000
"""The largest ``hnsw.ef_search`` that pgvector takes."""

_PREPARE: Final = text(
    "SELECT set_config('hnsw.ef_search', :effort, true),"
    " set_config('hnsw.iterative_scan', 'strict_order', true)"
)


@dataclass(frozen=True, slots=True)
class IndexedQuery:
    """A search in a table of vectors for those of one fingerprint, of one dimension."""

    table: str
    fingerprint: str
    dimension: int

    @staticmethod
    def prepare(connection: Connection, effort: int) -> None:
        """Set how hard the index looks (``hnsw.ef_search``), until the transaction ends."""
        connection.execute(_PREPARE, {"effort": str(min(effort, MOST_EFFORT))})

    def owners(self, connection: Connection, probe: NDArray[np.float32], rows: int) -> list[str]:
        """Owners of the ``rows`` rows nearest to ``probe``, float32 (dimension,), nearest first."""
        typed = f"halfvec({self.dimension})"
        order = f"CAST(vector AS {typed}) <-> CAST(:probe AS {typed})"
        chosen = f"SELECT identity_id FROM {self.table} WHERE fingerprint = :whose"  # noqa: S608 (constant)
        # Written out, because the planner must see that the condition is the index's.
        whose = bindparam("whose", self.fingerprint, String, literal_execute=True)
        query = text(f"{chosen} ORDER BY {order} LIMIT :rows").bindparams(whose)
        return list(connection.execute(query, {"probe": as_text(probe), "rows": rows}).scalars())
