"""One search by a pgvector HNSW index: its text, and how it looks."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, String, bindparam, text

from facenet_app.gallery.server_vectors import as_text

__all__ = ["IndexedQuery"]

# As the function nearest_people does: 10 rows at a time, as many times as are asked for.
_PREPARE: Final = text(
    "SELECT set_config('hnsw.ef_search', '10', true),"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    " set_config('hnsw.max_scan_tuples', '100000', true), set_config('hnsw.scan_mem_multiplier', '8', true)"
)


@dataclass(frozen=True, slots=True)
class IndexedQuery:
    """A search in a table of vectors for those of one fingerprint, of one dimension."""

    table: str
    fingerprint: str
    dimension: int

    @staticmethod
    def prepare(connection: Connection) -> None:
        """Set how the index looks, until the transaction ends."""
        connection.execute(_PREPARE)

    def owners(self, connection: Connection, probe: NDArray[np.float32], rows: int) -> list[str]:
        """Owners of the first ``rows`` rows that the index comes upon, about in order of their distance from
        ``probe``, float32 (dimension,).
        """
        typed = f"halfvec({self.dimension})"
        order = f"CAST(vector AS {typed}) <-> CAST(:probe AS {typed})"
        chosen = f"SELECT identity_id FROM {self.table} WHERE fingerprint = :whose"  # noqa: S608 (constant)
        # Written out, because the planner must see that the condition is the index's.
        whose = bindparam("whose", self.fingerprint, String, literal_execute=True)
        query = text(f"{chosen} ORDER BY {order} LIMIT :rows").bindparams(whose)
        return list(connection.execute(query, {"probe": as_text(probe), "rows": rows}).scalars())
