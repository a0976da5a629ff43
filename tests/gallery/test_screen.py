"""Asking for many faces at once who has somebody near, against searching for each."""

import numpy as np
import pytest
from drafts import FINGERPRINT, unit

from facenet_app.domain import Embedding, Template
from facenet_app.enrollment.screen import Screen
from facenet_app.gallery import index as index_module
from facenet_app.gallery.index import SearchIndex

REACH = 0.8
FACES = [Embedding(unit(seed), FINGERPRINT) for seed in range(1000, 1200)]


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    """300 samples of 90 people, some with one, the last of whom have gone."""
    owners = [f"{seed % 90 if seed > 40 else seed:032x}" for seed in range(300)]
    vectors = np.stack([unit(seed) for seed in range(300)])
    ids = [f"{seed:032x}" for seed in range(300)]
    return SearchIndex.of(FINGERPRINT, vectors, ids, owners, owners).replaced(set(owners[-5:]), [])


@pytest.mark.parametrize("template", Template)
def test_whoever_is_found_by_a_search_is_found_behind_the_screen(
    index: SearchIndex, template: Template
) -> None:
    screen = Screen(index, FACES, REACH, template)
    found = 0
    for face in FACES:
        expected = [each for each in index.search(face, 2, template) if each.distance <= REACH]
        (shown,) = screen.search_each([face], 2, template)
        assert [each for each in shown if each.distance <= REACH] == expected
        found += bool(shown)
    assert 0 < found < len(FACES)
    assert screen.samples == index.samples


def test_faces_that_were_not_announced_are_searched_for(index: SearchIndex) -> None:
    screen = Screen(index, FACES[:3], 0.0, Template.CENTROID)
    faces = [FACES[0], FACES[5], FACES[1], FACES[6]]
    found = [[], index.search(FACES[5], 2), [], index.search(FACES[6], 2)]
    assert screen.search_each(faces, 2, Template.CENTROID) == found
    by_nearest = [index.search(face, 2, Template.NEAREST) for face in faces]
    assert screen.search_each(faces, 2, Template.NEAREST) == by_nearest


def test_in_a_large_gallery_each_face_is_searched_for(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "_FEW", 10)
    screen = Screen(index, FACES[:3], 0.0, Template.CENTROID)
    assert screen.search_each(FACES[:1], 2, Template.CENTROID) == [index.search(FACES[0], 2)]


def test_nobody_is_enrolled() -> None:
    screen = Screen(SearchIndex(FINGERPRINT, []), FACES[:3], REACH, Template.CENTROID)
    assert screen.search_each(FACES[:1], 2, Template.CENTROID) == [[]]
