"""What a decision about faces to be stored rests on, and whether that is still so when they are stored.

Deciding takes a search, which others need not wait for: it is done before the transaction that writes.
The transaction, which nobody can write beside, asks the change log who is not as they were since, and
looks at those people alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, select

from facenet_app.comparison.agreement import any_within
from facenet_app.domain import Embedding
from facenet_app.errors import DecisionOutdated
from facenet_app.gallery.changelog import changes_after
from facenet_app.gallery.rows import unit_vectors
from facenet_app.gallery.schema import samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["UNGATED", "WHOEVER", "Basis"]

_PEOPLE: Final = 500
"""Of so many who changed, the decision is simply made anew: databases limit the values of a query."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What was known when it was decided to store faces of some people.

    Attributes:
        revision: of the gallery, or an earlier one: read before anything else was looked at.
        people: ids of those of the people who were enrolled, by the keys of their names.
        reach: whoever is farther than this from each of the faces makes no difference; None: nobody does.
        gated: False if nobody asked whose faces they are, because the gate was off. The audit trail
            says so.
    """

    revision: int = 0
    people: Mapping[str, str] = field(default_factory=dict)
    reach: float | None = None
    gated: bool = True

    def refuse_outdated(
        self, connection: Connection, people: Mapping[str, str], faces: Sequence[Embedding]
    ) -> None:
        """Do nothing if it would be decided alike now.

        Args:
            connection: of a transaction that writes.
            people: who is enrolled under these names now, as in :attr:`people`.
            faces: those to be stored.

        Raises:
            DecisionOutdated: one of the people came, went or changed, or somebody did who is near a face.
        """
        if self.reach is None:
            return
        log = changes_after(connection, self.revision)
        if log is not None and not log:
            return
        changed = {each.identity_id for each in log or () if each.identity_id is not None}
        if (
            log is None
            or len(changed) > _PEOPLE
            or dict(people) != dict(self.people)
            or (people and any(each.identity_id is None for each in log))  # gone: whose it was is forgotten
            or not changed.isdisjoint(people.values())
            or _near(connection, changed, faces, self.reach)
        ):
            raise DecisionOutdated(
                "others enrolled people who are like these at the same moment", "enroll them again"
            )


WHOEVER: Final = Basis()
"""The decision does not depend on who is enrolled."""
UNGATED: Final = Basis(gated=False)


def _near(connection: Connection, changed: Collection[str], faces: Sequence[Embedding], reach: float) -> bool:
    """Whether a sample, or the centroid, of one of these people is within ``reach`` of a face."""
    cipher = cipher_of(connection)
    query = select(samples.c.identity_id, samples.c.id, samples.c.embedding)
    found = connection.execute(query.where(samples.c.identity_id.in_(changed))).all()
    rows = sorted(found, key=attrgetter("identity_id"))
    if not rows:
        return False
    stored: list[Any] = [cipher.vector(row.embedding, row.id) for row in rows]
    vectors = unit_vectors(stored)
    owners = [row.identity_id for row in rows]
    starts = np.array([n for n, owner in enumerate(owners) if n == 0 or owner != owners[n - 1]])
    return any_within(np.stack([face.vector for face in faces]), vectors, starts, reach)
