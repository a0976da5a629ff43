"""The bounds that codes give hold for every row, whatever FAISS computes with."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.gallery.coded_scan import CodedScan
from facenet_app.gallery.scan import PlainScan, Scan

DIMENSIONS = [1, 2, 8, 16, 31, 32, 64, 100, 128, 512]
"""FAISS has kernels of its own for multiples of 16 and of 32."""


def vectors(seed: int, dimension: int) -> NDArray[np.float32]:
    """Near each other, anywhere, along an axis, and the same twice."""
    rng = np.random.default_rng(seed)
    anywhere = rng.normal(size=(60, dimension))
    close = anywhere[0] + 1e-4 * rng.normal(size=(60, dimension))
    together = np.vstack([anywhere, close, anywhere[:5], np.eye(1, dimension)])
    return (together / np.linalg.norm(together, axis=1, keepdims=True)).astype(np.float32)


def scans(rows: NDArray[np.float32]) -> list[Scan]:
    return [PlainScan(rows), CodedScan(lambda first, last: rows[first:last], len(rows))]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(DIMENSIONS), st.integers(1, 140), st.floats(0, 2))
def test_every_distance_is_between_its_bounds_and_nothing_nearer_is_left_out(
    seed: int, dimension: int, count: int, radius: float
) -> None:
    rows = vectors(seed, dimension)
    for probe in (rows[0], rows[-1], -rows[3], vectors(seed + 1, dimension)[7]):
        true = np.linalg.norm(rows.astype(np.float64) - probe, axis=1)
        for scan in scans(rows):
            near = scan.nearest(probe, count)
            assert len(np.unique(near.rows)) == len(near.rows) == min(count, len(rows))
            assert np.all(near.lower <= true[near.rows] + 1e-12)
            assert np.all(true[near.rows] <= near.upper + 1e-12)
            others = np.setdiff1d(np.arange(len(rows)), near.rows)
            assert np.all(true[others] >= near.beyond - 1e-12)
            within = scan.within(probe, radius)
            assert set(np.flatnonzero(true <= radius)) <= set(within.rows)
            assert np.all(within.lower <= true[within.rows] + 1e-12)


@pytest.mark.parametrize("dimension", DIMENSIONS[5:])
def test_the_bounds_leave_few_rows_to_compare(dimension: int) -> None:
    """A bound of 2 would be right, and useless."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2000, dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    near = CodedScan(lambda first, last: rows[first:last], len(rows)).nearest(rows[0], 2000)
    assert np.all(near.upper - near.lower < 0.06)


def test_a_probe_with_a_larger_number_than_any_row_has() -> None:
    rows = np.full((3, 16), 0.25, np.float32)
    probe = np.eye(1, 16, dtype=np.float32)[0]
    near = CodedScan(lambda first, last: rows[first:last], 3).nearest(probe, 3)
    true = np.linalg.norm(rows[0] - probe)
    assert np.all((near.lower <= true) & (true <= near.upper))
