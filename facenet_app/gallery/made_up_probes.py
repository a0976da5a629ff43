"""Made-up probes like new pictures of the people who are enrolled, to measure searches with."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from facenet_app.gallery.server_vectors import vectors_sent

__all__ = ["PROBES", "Probes", "made_up_probes"]

PROBES: Final = 1000
"""How many are made."""

_APART: Final = 0.82
"""Distance of two pictures of a person, where nobody has two that would show it: the median of the default
model's on LFW."""
_SEED: Final = 20260101


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """``vectors`` are float32 (probes, dimension), each like a new picture of whom ``of`` names."""

    vectors: NDArray[np.float32]
    of: Sequence[str]


def made_up_probes(connection: Connection, fingerprint: str) -> Probes:
    """Unit vectors like those of new pictures of enrolled people.

    Somebody's direction is the mean of n samples, shortened because the n-th part of a sample's variance
    around the person is in it, too. To it is added how far somebody else's sample is from the mean of theirs.

    Args:
        connection: to a gallery with at least one sample.
        fingerprint: of the gallery.
    """
    people = _some_people(connection, fingerprint)
    rng = np.random.default_rng(_SEED)
    chosen = [people[row] for row in rng.integers(len(people), size=PROBES)]
    apart = _apart(people, rng)
    noise = apart[rng.integers(len(apart), size=PROBES)]
    variance = np.square(apart).sum(axis=1).mean()
    means = np.array([person.mean for person in chosen])
    squares = np.maximum(np.square(means).sum(axis=1), 1e-9)
    counts = np.array([len(person.vectors) for person in chosen])
    shorter = np.maximum(1 - variance / counts / squares, 0)
    longer = np.sqrt(np.maximum(1 - np.square(shorter) * squares, 0) / max(variance, 1e-9))
    made = shorter[:, np.newaxis] * means + longer[:, np.newaxis] * noise
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    firsts = np.array([person.vectors[0] for person in chosen])
    unit: NDArray[np.float64] = np.where(lengths > 0, made / np.maximum(lengths, 1e-9), firsts)
    return Probes(unit.astype(np.float32), [person.id for person in chosen])


def _apart(people: Sequence["_Person"], rng: np.random.Generator) -> NDArray[np.float64]:
    """How far samples are from their persons, float64 (some, dimension).

    n samples are nearer to their own mean than to that of countless ones, by a factor whose square is
    1 - 1 / n on average.
    """
    several = [person for person in people if len(person.vectors) > 1]
    if several:
        apart = [(each.vectors - each.mean) / np.sqrt(1 - 1 / len(each.vectors)) for each in several]
        found: NDArray[np.float64] = np.concatenate(apart)
        return found
    dimension = people[0].vectors.shape[1]
    even: NDArray[np.float64] = _APART / np.sqrt(2 * dimension) * rng.normal(size=(PROBES, dimension))
    return even


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
