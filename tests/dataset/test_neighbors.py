"""Nearest faces and copies of photos, against loops over all pairs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from facenet_app.dataset.neighbors import ALIKE, LIKELY, SURE, correlation, near_duplicates, nearest


def unit_vectors(count: int, seed: int, copies: int = 0) -> NDArray[np.float32]:
    """Few dimensions, so that near ones occur; some are nearly copies of the first ones."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 3))
    vectors[count - copies :] = vectors[:copies] + random.normal(scale=0.05, size=(copies, 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def slow_nearest(vectors: NDArray[np.float32], person: NDArray[np.int64], row: int, *, own: bool) -> int:
    best, least = -1, np.inf
    for other in range(len(vectors)):
        distance = float(np.linalg.norm(vectors[row].astype(float) - vectors[other].astype(float)))
        if (person[other] == person[row]) == own and SURE < distance < least:
            best, least = other, distance
    return best


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 50))
def test_nearest(count: int, people: int, seed: int) -> None:
    vectors = unit_vectors(count, seed, copies=count // 3)
    person = np.random.default_rng(seed).integers(0, people, count)
    found = nearest(vectors, person)
    for own, rows, distances in (
        (True, found.own, found.own_distance),
        (False, found.other, found.other_distance),
    ):
        for row in range(count):
            expected = slow_nearest(vectors, person, row, own=own)
            assert rows[row] == expected
            if expected < 0:
                assert np.isinf(distances[row])
            else:
                assert distances[row] == pytest.approx(
                    np.linalg.norm(vectors[row] - vectors[expected]), abs=1e-5
                )


def test_nearest_of_many_rows() -> None:
    vectors = unit_vectors(1100, 1)
    person = np.arange(1100) % 7
    found = nearest(vectors, person)
    for row in (0, 511, 512, 1099):
        assert found.own[row] == slow_nearest(vectors, person, row, own=True)
        assert found.other[row] == slow_nearest(vectors, person, row, own=False)


@given(st.integers(0, 10), st.integers(0, 20), st.booleans())
def test_near_duplicates(count: int, seed: int, two_sides: bool) -> None:
    vectors = unit_vectors(count, seed, copies=count // 2)
    thumbnails = np.random.default_rng(seed).integers(0, 256, (count, 32, 32), np.uint8)
    thumbnails[count // 2 :] = thumbnails[: count - count // 2]
    sides = np.arange(count) * 2 // max(count, 1) if two_sides else None
    expected = set()
    for first in range(count):
        for second in range(first + 1, count):
            distance = np.linalg.norm(vectors[first].astype(float) - vectors[second].astype(float))
            alike = correlation(thumbnails[first], thumbnails[second]) >= ALIKE
            apart = sides is None or sides[first] != sides[second]
            if apart and (distance <= SURE or (distance <= LIKELY and alike)):
                expected.add((first, second))
    found = near_duplicates(vectors, thumbnails, sides)
    assert {(pair.first, pair.second) for pair in found} == expected
    assert [pair.distance for pair in found] == sorted(pair.distance for pair in found)


def test_correlation(astronaut: Path, hopper: Path) -> None:
    def gray(path: Path, left: int, top: int) -> NDArray[np.uint8]:
        with Image.open(path) as opened:
            face = opened.convert("L").crop((left, top, left + 128, top + 128))
        return np.asarray(face.resize((32, 32), Image.Resampling.BOX))

    face = gray(astronaut, 160, 40)
    assert correlation(face, face) == pytest.approx(1)
    assert correlation(face, 255 - face) < 0.5
    darker = (face * 0.5 + 20).astype(np.uint8)
    assert correlation(darker, face) > 0.999
    assert correlation(gray(astronaut, 164, 36), face) > 0.99, "a pixel aside does not matter"
    assert correlation(gray(astronaut, 190, 40), face) < ALIKE
    assert correlation(gray(hopper, 190, 60), face) < ALIKE
    assert correlation(np.full((32, 32), 9, np.uint8), face) == -1
