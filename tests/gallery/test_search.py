"""The search index, beside a loop that compares with everybody."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from drafts import FINGERPRINT, embedding, unit
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids, distance
from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery.index import SearchIndex

Rows = list[tuple[str, NDArray[np.float32]]]
"""Whose sample, and its vector; sample ids are s0, s1, ..."""


def made(rows: Rows, names: dict[str, str] | None = None) -> SearchIndex:
    vectors = np.array([vector for _, vector in rows], np.float32).reshape(
        len(rows), len(rows[0][1]) if rows else 0
    )
    owners = [owner for owner, _ in rows]
    called = [(names or {}).get(owner, owner) for owner in owners]
    return SearchIndex(FINGERPRINT, vectors, [f"s{i}" for i in range(len(rows))], owners, called)


def slowly(
    rows: Rows,
    probe: Embedding,
    k: int,
    names: dict[str, str] | None = None,
    template: Template = Template.CENTROID,
) -> list[Candidate]:
    best: dict[str, tuple[float, str]] = {}
    for i, (owner, vector) in enumerate(rows):
        this = (distance(probe, Embedding(vector, FINGERPRINT)), f"s{i}")
        if owner not in best or this < best[owner]:
            best[owner] = this
    found = []
    for owner, (nearest, sample_id) in best.items():
        far = nearest
        if template is Template.CENTROID:
            far = distance(probe, Embedding(mean([v for who, v in rows if who == owner]), FINGERPRINT))
        found.append(Candidate(owner, (names or {}).get(owner, owner), sample_id, far))
    return sorted(found, key=lambda c: (c.distance, c.name, c.identity_id))[:k]


def mean(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What stands for one person; :func:`centroids` has tests of its own."""
    return centroids(np.array(vectors), np.array([0]))[0]


def normalized(numbers: tuple[int, ...]) -> NDArray[np.float32]:
    vector = np.array(numbers, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


# Few directions, so that ties within and between people are the rule.
directions = st.tuples(*[st.integers(-1, 1)] * 3).filter(any).map(normalized)
people = st.sampled_from(["p1", "p2", "p3", "p4"])
templates = st.sampled_from(list(Template))


@given(st.lists(st.tuples(people, directions), max_size=25), directions, st.integers(-1, 6), templates)
def test_agrees_with_the_loop_when_ties_abound(
    rows: Rows, probe: NDArray[np.float32], k: int, template: Template
) -> None:
    names = {"p1": "Same", "p2": "Same", "p3": "Else", "p4": "Zoe"}
    asked = Embedding(probe, FINGERPRINT)
    assert made(rows, names).search(asked, k, template) == slowly(rows, asked, max(k, 0), names, template)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 12),
    st.sampled_from([2, 16, 128, 512]),
    templates,
)
def test_agrees_with_the_loop_on_any_vectors(
    seed: int, count: int, k: int, dimension: int, template: Template
) -> None:
    rng = np.random.default_rng(seed)
    rows = [(f"p{rng.integers(8)}", unit(int(rng.integers(2**32)), dimension)) for _ in range(count)]
    asked = Embedding(unit(seed, dimension), FINGERPRINT)
    assert made(rows).search(asked, k, template) == slowly(rows, asked, k, template=template)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-6, 1e-5, 1e-4, 1e-3]), st.integers(1, 5), templates)
def test_order_and_distances_hold_where_float32_products_cancel(
    seed: int, radius: float, k: int, template: Template
) -> None:
    """All samples within ``radius`` of the probe, where ``2 - 2ab`` has no correct digit left."""
    rng = np.random.default_rng(seed)
    center = unit(seed, 128)
    rows = []
    for i in range(20):
        near = center + rng.normal(size=128) * radius * rng.random() / 12
        rows.append((f"p{i % 7}", (near / np.linalg.norm(near)).astype(np.float32)))
    asked = Embedding(center, FINGERPRINT)
    assert made(rows).search(asked, k, template) == slowly(rows, asked, k, template=template)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), templates)
def test_exact_for_vectors_that_are_only_nearly_of_length_one(seed: int, k: int, template: Template) -> None:
    rng = np.random.default_rng(seed)
    rows = [(f"p{i % 6}", unit(i % 3, 32) * np.float32(1 + rng.uniform(-1e-3, 1e-3))) for i in range(18)]
    asked = Embedding(unit(seed, 32), FINGERPRINT)
    assert made(rows).search(asked, k, template) == slowly(rows, asked, k, template=template)


def test_a_face_between_two_samples_is_nearer_to_the_person_than_to_either() -> None:
    rows = [("p1", normalized((1, 0, 0))), ("p1", normalized((0, 1, 0))), ("p2", normalized((1, 1, 1)))]
    between = Embedding(normalized((1, 1, 0)), FINGERPRINT)
    (first, second) = made(rows).search(between, 2)
    assert (first.identity_id, first.sample_id, first.distance) == ("p1", "s0", pytest.approx(0, abs=1e-7))
    assert second.identity_id == "p2"
    nearest = made(rows).search(between, 2, Template.NEAREST)
    assert [each.identity_id for each in nearest] == ["p2", "p1"]


def test_the_very_same_sample_is_at_distance_zero() -> None:
    rows = [(f"p{i}", unit(i, 512)) for i in range(50)]
    (first,) = made(rows).search(Embedding(unit(31, 512), FINGERPRINT), 1)
    assert (first.identity_id, first.distance) == ("p31", 0.0)


def test_counts_people_and_samples_and_gives_everybody_at_most() -> None:
    index = made([("p1", unit(1)), ("p2", unit(2)), ("p1", unit(3))])
    assert (index.people, index.samples) == (2, 3)
    assert len(index.search(embedding(9), 100)) == 2


def test_nobody_is_found_in_an_empty_gallery() -> None:
    index = made([])
    assert (index.people, index.samples) == (0, 0)
    assert index.search(embedding(1), 5) == []


def test_another_models_embedding_is_refused_also_by_an_empty_gallery() -> None:
    for index in (made([]), made([("p1", unit(1))])):
        with pytest.raises(ModelMismatch, match="net-b"):
            index.search(embedding(1, "net-b:1"), 5)


def test_threads_share_one_index() -> None:
    rows = [(f"p{i % 30}", unit(i)) for i in range(300)]
    index = made(rows)

    def agree(start: int) -> bool:
        probes = map(embedding, range(start, start + 20))
        return all(index.search(probe, 3) == slowly(rows, probe, 3) for probe in probes)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(agree, range(0, 4000, 1000)))
