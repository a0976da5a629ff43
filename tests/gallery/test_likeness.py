"""Who is like whom, beside loops that compare one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids
from facenet_app.gallery import likeness as module
from facenet_app.gallery.likeness import close_pairs, likeness


def far(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(first.astype(np.float64) - second.astype(np.float64)))


def world(seed: int, sizes: list[int], dimension: int = 6) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(sum(sizes), dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), (np.cumsum(sizes) - sizes).astype(np.int32)


def center(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return centroids(np.array(vectors), np.array([0]))[0]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.floats(0.3, 1.8), st.sampled_from([1, 3, 1024]))
def test_close_pairs(seed: int, count: int, reach: float, block: int) -> None:
    vectors, _ = world(seed, [1] * count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        found = close_pairs(vectors, reach)
    every = [(far(vectors[i], vectors[j]), i, j) for i in range(count) for j in range(i + 1, count)]
    assert [(pair.first, pair.second) for pair in found] == [
        (i, j) for d, i, j in sorted(every) if d <= reach
    ]
    # Squared: near 0 the root makes much of what float32 rounds.
    squares = [d**2 for d, _, _ in sorted(every) if d <= reach]
    assert [pair.distance**2 for pair in found] == pytest.approx(squares, abs=1e-6)


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 4), min_size=1, max_size=6),
    st.sampled_from([1, 2, 1024]),
)
def test_likeness(seed: int, sizes: list[int], block: int) -> None:
    vectors, starts = world(seed, sizes)
    people = [list(range(start, start + size)) for start, size in zip(starts, sizes, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        found = likeness(vectors, starts)
    for person, own in enumerate(people):
        others = [
            (center([vectors[r] for r in rows]), who) for who, rows in enumerate(people) if who != person
        ]
        for row in own:
            rest = [vectors[each] for each in own if each != row]
            expected = far(vectors[row], center(rest)) if rest else np.inf
            assert found.own[row] == pytest.approx(expected, abs=1e-5)
            expected = min((far(vectors[row], each) for each in rest), default=np.inf)
            assert found.nearest_own[row] == pytest.approx(expected, abs=1e-5)
            least, who = min(((far(vectors[row], mean), who) for mean, who in others), default=(np.inf, -1))
            assert found.other[row] == pytest.approx(least, abs=1e-5)
            assert found.who[row] == who
