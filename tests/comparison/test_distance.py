"""Distances: one definition, fast and slow alike."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids, distance, distances, from_squared
from facenet_app.domain import Embedding
from facenet_app.errors import ModelMismatch


def unit(seed: int, count: int, dimension: int = 128) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def slow_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return math.sqrt(sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True)))


@given(st.integers(0, 2**32), st.integers(2, 64))
def test_one_distance_is_that_of_a_slow_loop(seed: int, dimension: int) -> None:
    a, b = unit(seed, 2, dimension)
    assert distance(Embedding(a, "m"), Embedding(b, "m")) == pytest.approx(slow_distance(a, b), abs=1e-12)


def test_many_distances_are_those_of_a_slow_loop() -> None:
    probes, references = unit(1, 7), unit(2, 11)
    expected = [[slow_distance(a, b) for b in references] for a in probes]
    np.testing.assert_allclose(distances(probes, references), expected, atol=1e-6)


def test_ends_of_the_scale() -> None:
    a = unit(3, 1)[0]
    assert distance(Embedding(a, "m"), Embedding(a.copy(), "m")) == 0
    assert distance(Embedding(a, "m"), Embedding(-a, "m")) == pytest.approx(2, abs=1e-6)
    many = distances(np.stack([a, -a]), a[None])
    assert many[0, 0] < 1e-3
    assert many[1, 0] == pytest.approx(2, abs=1e-6)


def test_no_nan_where_rounding_makes_a_product_exceed_one() -> None:
    vectors = unit(4, 500)
    assert np.isfinite(distances(vectors, vectors)).all()


def test_embeddings_of_two_models_are_refused() -> None:
    a, b = unit(5, 2)
    with pytest.raises(ModelMismatch, match=r"aaa.*bbb"):
        distance(Embedding(a, "aaa"), Embedding(b, "bbb"))


@given(st.floats(0, 4))
def test_squared_distances_are_converted(squared: float) -> None:
    assert from_squared(squared) ** 2 == pytest.approx(squared)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_centroids_agree_with_a_loop(seed: int, sizes: list[int]) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(sum(sizes), 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    starts = np.cumsum([0, *sizes[:-1]])
    found = centroids(vectors, starts)
    for row, start, size in zip(found, starts, sizes, strict=True):
        own = [vectors[start + each].astype(np.float64) for each in range(size)]
        total = sum(own, np.zeros(16))
        np.testing.assert_allclose(row, total / np.sqrt((total**2).sum()), atol=2e-7)
        if size == 1:
            assert np.array_equal(row, vectors[start])  # bit for bit


def test_opposite_vectors_have_no_middle() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0, 1]], np.float32)
    assert np.array_equal(centroids(vectors, np.array([0, 2])), [[1, 0], [0, 1]])
