"""Made-up embeddings of any number of people: in random directions, or spread as those of real faces are.

:meth:`Faces.like` measures the latter on labelled pictures: the mean of the people, the covariance of their
directions and that of the pictures around each, and how much farther the pictures of some are apart than
those of others. Directions and pictures are then drawn from normal distributions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Faces", "compared", "unit"]

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

SPREAD = 0.8
"""Of what a picture adds to the direction of a person, beside the length of that; as in good photos."""
SHARES = (0.01, 0.1, 0.5, 0.9, 0.99)
PAIRS = 200_000


def unit(rows: Floats | Vectors) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Faces:
    """Distributions in D dimensions: ``mean`` float64 (D,), ``between`` and ``within`` float64 (D, D), each a
    matrix whose product with its transpose is the covariance; and lists of factors of the latter, one list a
    real person, one factor a picture.
    """

    mean: Floats
    between: Floats
    within: Floats
    factors: list[Floats]

    @classmethod
    def in_random_directions(cls, dimension: int) -> Self:
        even = np.eye(dimension)
        return cls(np.zeros(dimension), even, SPREAD * even, [np.ones(1)])

    @classmethod
    def like(cls, vectors: Vectors, identities: NDArray[np.int64]) -> Self:
        """As spread as these: float32 (pictures, D), int64 (pictures,); some people have several."""
        _, who, counts = np.unique(identities, return_inverse=True, return_counts=True)
        sums = np.zeros((len(counts), vectors.shape[1]))
        np.add.at(sums, who, vectors)
        means = sums / counts[:, np.newaxis]
        apart = vectors - means[who]
        within = apart.T @ apart / (len(vectors) - len(counts))
        spread = means - means.mean(axis=0)
        # A mean of n pictures is itself off by an n-th of what a picture is.
        between = spread.T @ spread / (len(means) - 1) - within * np.mean(1 / counts)
        squares = np.einsum("ij,jk,ik->i", apart, np.linalg.inv(within), apart) / vectors.shape[1]
        several = np.flatnonzero(counts > 1)
        factors = [np.sqrt(squares[who == each] * counts[each] / (counts[each] - 1)) for each in several]
        return cls(means.mean(axis=0), _root(between), _root(within), factors)

    def people(self, count: int, rng: np.random.Generator) -> Floats:
        return self.mean + rng.normal(size=(count, len(self.mean))) @ self.between.T

    def pictures(self, people: Floats, each: int, rng: np.random.Generator) -> Vectors:
        """Those of a person together: float32 (people * each, D), of length 1."""
        models = rng.integers(len(self.factors), size=len(people))
        factors = np.concatenate([rng.choice(self.factors[model], each) for model in models])
        noise = rng.normal(size=(len(factors), len(self.mean))) @ self.within.T
        return unit(np.repeat(people, each, axis=0) + factors[:, np.newaxis] * noise)


def _root(covariance: Floats) -> Floats:
    values, directions = np.linalg.eigh(covariance)
    root: Floats = directions * np.sqrt(np.maximum(values, 0))
    return root


def compared(faces: Faces, vectors: Vectors, identities: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    """How like real pictures made-up ones are, as many of each person: what is compared, and both values."""
    rng = np.random.default_rng(3)
    _, who, counts = np.unique(identities, return_inverse=True, return_counts=True)
    order = np.argsort(who, kind="stable")
    real, who = vectors[order], who[order]
    models = np.repeat(faces.people(len(counts), rng), counts, axis=0)
    made = faces.pictures(models, 1, rng)
    left = rng.integers(len(real), size=PAIRS)
    right = (left + rng.integers(1, 20, size=PAIRS)) % len(real)
    mated = who[left] == who[right]
    right = np.where(mated, right, rng.permutation(right))
    strange = who[left] != who[right]
    shares = ", ".join(f"{100 * share:g} %" for share in SHARES)
    for name, pairs in (("mated", mated), ("non-mated", strange)):
        far = [np.linalg.norm(each[left[pairs]] - each[right[pairs]], axis=1) for each in (real, made)]
        yield f"distances of {name} pairs ({shares})", _both(*(_quantiles(each) for each in far))
    _, first = np.unique(who, return_index=True)
    nearest = [_quantiles(_nearest_other(each[first])) for each in (real, made)]
    yield f"distance from the nearest of {len(first) - 1:,} others ({shares})", _both(*nearest)
    yield "effective dimension", _both(*(f"{_dimension(each):.0f}" for each in (real, made)))


def _both(real: str, made: str) -> str:
    return f"real {real}; made-up {made}"


def _quantiles(values: NDArray[np.floating]) -> str:
    return ", ".join(f"{value:.2f}" for value in np.quantile(values, SHARES))


def _nearest_other(vectors: Vectors) -> Vectors:
    products = vectors @ vectors.T
    np.fill_diagonal(products, -1)
    nearest: Vectors = np.sqrt(np.maximum(2 - 2 * products.max(axis=1), 0))
    return nearest


def _dimension(vectors: Vectors) -> float:
    """The number of directions that as much variance would take if it were the same in each."""
    values = np.linalg.eigvalsh(np.cov(vectors.T))
    return float(values.sum() ** 2 / np.square(values).sum())
