"""The search index, beside a loop that compares with everybody."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from drafts import FINGERPRINT, embedding, unit
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.comparison.distance import centroids, distance
from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery import live_part, nearest, references
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.part import Part

Rows = list[tuple[str, NDArray[np.float32]]]
"""Whose sample, and its vector; sample ids are s0, s1, ..."""


@dataclass(frozen=True)
class Layout:
    """How an index is made: with codes from so many rows, in so many parts, after asking for so many."""

    coded_from: int = 16_384
    parts: int = 1
    first: int = 32

    @contextmanager
    def in_force(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(references, "CODED_FROM", self.coded_from)
            patch.setattr(nearest, "_FIRST", self.first)
            patch.setattr(live_part, "LARGEST", 0)  # parts stay as they are
            yield


PLAIN, CODED, MANY = Layout(), Layout(coded_from=1), Layout(coded_from=3, parts=4, first=1)
layouts = st.sampled_from([PLAIN, CODED, MANY, Layout(parts=3, first=2), Layout(coded_from=1, first=1)])


def made(rows: Rows, names: dict[str, str] | None = None, layout: Layout = PLAIN) -> SearchIndex:
    """An index of the rows; a person is in the part that the digits of their id give."""
    parts = []
    for number in range(layout.parts):
        some = [i for i, (owner, _) in enumerate(rows) if int(owner[1:]) % layout.parts == number]
        vectors = np.array([rows[i][1] for i in some], np.float32).reshape(
            len(some), len(rows[0][1]) if rows else 0
        )
        owners = [rows[i][0] for i in some]
        called = [(names or {}).get(owner, owner) for owner in owners]
        parts.append(Part.of(vectors, [f"s{i}" for i in some], owners, called))
    return SearchIndex(FINGERPRINT, parts)


def found(
    rows: Rows, probe: Embedding, k: int, template: Template, layout: Layout, **names: str
) -> list[Candidate]:
    with layout.in_force():
        return made(rows, names, layout).search(probe, k, template)


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
    people = []
    for owner, (least, sample_id) in best.items():
        far = least
        if template is Template.CENTROID:
            far = distance(probe, Embedding(mean([v for who, v in rows if who == owner]), FINGERPRINT))
        people.append(Candidate(owner, (names or {}).get(owner, owner), sample_id, far))
    return sorted(people, key=lambda c: (c.distance, c.name, c.identity_id))[:k]


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


@settings(deadline=None)  # the first search with codes loads FAISS
@given(
    st.lists(st.tuples(people, directions), max_size=25), directions, st.integers(-1, 6), templates, layouts
)
def test_agrees_with_the_loop_when_ties_abound(
    rows: Rows, probe: NDArray[np.float32], k: int, template: Template, layout: Layout
) -> None:
    names = {"p1": "Same", "p2": "Same", "p3": "Else", "p4": "Zoe"}
    asked = Embedding(probe, FINGERPRINT)
    expected = slowly(rows, asked, max(k, 0), names, template)
    assert found(rows, asked, k, template, layout, **names) == expected


@settings(deadline=None)  # the first search with codes loads FAISS
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 12),
    st.sampled_from([2, 16, 128, 512]),
    templates,
    layouts,
)
def test_agrees_with_the_loop_on_any_vectors(
    seed: int, count: int, k: int, dimension: int, template: Template, layout: Layout
) -> None:
    rng = np.random.default_rng(seed)
    rows = [(f"p{rng.integers(8)}", unit(int(rng.integers(2**32)), dimension)) for _ in range(count)]
    asked = Embedding(unit(seed, dimension), FINGERPRINT)
    assert found(rows, asked, k, template, layout) == slowly(rows, asked, k, template=template)


@settings(deadline=None)  # the first search with codes loads FAISS
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-6, 1e-5, 1e-4, 1e-3]),
    st.integers(1, 5),
    templates,
    layouts,
)
def test_order_and_distances_hold_where_float32_products_cancel(
    seed: int, radius: float, k: int, template: Template, layout: Layout
) -> None:
    """All samples within ``radius`` of the probe, where ``2 - 2ab`` has no correct digit left, and
    where codes do not tell one from another.
    """
    rng = np.random.default_rng(seed)
    center = unit(seed, 128)
    rows = []
    for i in range(20):
        near = center + rng.normal(size=128) * radius * rng.random() / 12
        rows.append((f"p{i % 7}", (near / np.linalg.norm(near)).astype(np.float32)))
    asked = Embedding(center, FINGERPRINT)
    assert found(rows, asked, k, template, layout) == slowly(rows, asked, k, template=template)


@settings(deadline=None)  # the first search with codes loads FAISS
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), templates, layouts)
def test_exact_for_vectors_that_are_only_nearly_of_length_one(
    seed: int, k: int, template: Template, layout: Layout
) -> None:
    rng = np.random.default_rng(seed)
    rows = [(f"p{i % 6}", unit(i % 3, 32) * np.float32(1 + rng.uniform(-1e-3, 1e-3))) for i in range(18)]
    asked = Embedding(unit(seed, 32), FINGERPRINT)
    assert found(rows, asked, k, template, layout) == slowly(rows, asked, k, template=template)


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


@pytest.mark.parametrize("layout", [PLAIN, Layout(coded_from=1, parts=3)])
def test_threads_share_one_index(layout: Layout) -> None:
    rows = [(f"p{i % 30}", unit(i)) for i in range(300)]
    index = made(rows, layout=layout)

    def agree(start: int) -> bool:
        probes = map(embedding, range(start, start + 20))
        return all(index.search(probe, 3) == slowly(rows, probe, 3) for probe in probes)

    with layout.in_force(), ThreadPoolExecutor(4) as pool:
        assert all(pool.map(agree, range(0, 4000, 1000)))


@pytest.mark.parametrize("layout", [CODED, MANY])
@pytest.mark.parametrize("template", list(Template))
def test_codes_that_say_nothing_lose_nobody(layout: Layout, template: Template) -> None:
    """A coordinate of 1 makes the steps of the codes coarse; most of the others are the same to them."""
    rng = np.random.default_rng(3)
    axis = np.eye(16, dtype=np.float32)
    close = [normalized(tuple(1e4 * axis[0] + rng.integers(-30, 30, 16))) for _ in range(150)]
    rows = [(f"p{i % 50}", vector) for i, vector in enumerate([*axis, *close, *close[:20], *-axis])]
    for probe in (axis[0], close[5], -axis[3]):
        asked = Embedding(probe, FINGERPRINT)
        for k in (1, 7, 60):
            expected = slowly(rows, asked, k, template=template)
            assert found(rows, asked, k, template, layout) == expected


def test_one_person_with_nearly_all_samples_hides_nobody() -> None:
    """The first rows that a scan gives are all of one person: it goes on until k people are found."""
    rows = [("p1", unit(i % 7)) for i in range(400)] + [("p2", -unit(0)), ("p3", -unit(1))]
    asked = embedding(0)
    for layout in (PLAIN, CODED, MANY):
        assert found(rows, asked, 3, Template.NEAREST, layout) == slowly(
            rows, asked, 3, template=Template.NEAREST
        )


def test_faiss_is_loaded_for_many_samples_only() -> None:
    """In a fresh interpreter: importing FAISS takes long, and small galleries do without."""
    program = """
import sys
import numpy as np
from facenet_app.domain import Embedding
from facenet_app.gallery.index import SearchIndex

rng = np.random.default_rng(0)

def search(count):
    vectors = rng.normal(size=(count, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = [f"{i:06d}" for i in range(count)]
    (first,) = SearchIndex.of("f", vectors, ids, ids, ids).search(Embedding(vectors[5], "f"), 1)
    assert first.identity_id == ids[5]

search(1000)
assert "faiss" not in sys.modules
search(20_000)
assert "faiss" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
