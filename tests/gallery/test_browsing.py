"""A page of the people and of their faces, looked for by the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, crop, draft

from facenet_app.gallery.keys import GalleryKeys, ScryptCost
from facenet_app.gallery.names import LONGEST_NAME, name_key
from facenet_app.gallery.store import GalleryStore

NAMES = [
    "Zoë",
    "ann",
    "Anna  Lee",
    "ANNE",
    "100 %",
    "a_b",
    "O'Brien",
    "ﬁne",
    "Jose\u0301",
    "J. R.",
    "a~b",
]
WANTED = [
    "",
    " ",
    "an",
    "AN ",
    "%",
    "_",
    "'",
    "fi",
    "ë",
    "é",
    "a l",
    ".",
    "~",
    "/",
    "\\",
    "\x00",
    "nobody",
    "x" * 999,
]


def looked_through(store: GalleryStore, find: str) -> list[str]:
    """What a page shows, the slow way."""
    wanted = name_key(find)
    return [person.name for person in store.identities() if wanted in name_key(person.name)]


@pytest.fixture
def people(store: GalleryStore) -> GalleryStore:
    store.add_people([(name, [draft(seed)]) for seed, name in enumerate(NAMES)])
    return store


def test_every_page_of_every_search(people: GalleryStore) -> None:
    for find in WANTED:
        expected = looked_through(people, find)
        for offset in (0, 2, 5, 99):
            page = people.people_page(find, offset=offset, limit=3)
            assert [person.name for person in page.people] == expected[offset : offset + 3], find
            assert (page.offset, page.total) == (offset, len(expected))


def test_the_people_are_whole(people: GalleryStore) -> None:
    people.add("Zoë", [draft(100), draft(101)])
    assert list(people.people_page().people) == people.identities()
    assert people.people_page("zoë").people[0].samples == 3


def test_nobody(store: GalleryStore) -> None:
    assert store.people_page().to_dict() == {"identities": [], "total": 0, "offset": 0}


def test_a_caller_who_asks_for_no_text_is_not_told_of_damage(store: GalleryStore) -> None:
    with pytest.raises(TypeError):
        store.people_page(None)  # type: ignore[arg-type]  # what a page may send


def test_an_encrypted_gallery(path: Path, tmp_path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add_people([(name, [draft(seed)]) for seed, name in enumerate(NAMES)])
        before = [store.people_page(find, offset=1, limit=4) for find in WANTED]
        store.encrypt(GalleryKeys(passphrase="four words of mine"), ScryptCost(2**4))
        assert [store.people_page(find, offset=1, limit=4) for find in WANTED] == before
        (anna,) = store.people_page("anna").people
        (face,) = store.faces_page(anna.id)
        assert face.name == "Anna Lee"
        np.testing.assert_array_equal(face.crop.pixels, crop(NAMES.index("Anna  Lee")).pixels)


def test_faces_by_the_page(store: GalleryStore) -> None:
    ann, samples = store.add("Ann", [draft(seed) for seed in range(5)])
    store.add("Bea", [draft(9)])
    faces = store.faces_page(ann.id, offset=1, limit=3)
    assert [(face.sample_id, face.name) for face in faces] == [(each.id, "Ann") for each in samples[1:4]]
    for face, sample in zip(faces, samples[1:4], strict=True):
        np.testing.assert_array_equal(face.crop.pixels, sample.crop.pixels)
    assert store.faces_page(ann.id, offset=5) == []
    assert store.faces_page("nobody") == []


def test_faces_by_their_ids(store: GalleryStore) -> None:
    _, (first, second) = store.add("Ann", [draft(1), draft(2, keep_crop=False)])
    _, (third,) = store.add("Bea", [draft(3)])
    faces = store.faces_with_ids([third.id, "gone", second.id, first.id])
    assert [(face.sample_id, face.name) for face in faces] == [
        (third.id, "Bea"),
        (second.id, "Ann"),
        (first.id, "Ann"),
    ]
    assert [face.crop is None for face in faces] == [False, True, False]
    assert store.faces_with_ids([]) == []


def test_a_damaged_crop_hides_no_other(path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        ann, (first, second) = store.add("Ann", [draft(1), draft(2)])
        with closing(sqlite3.connect(path)) as vandal, vandal:
            number = "SELECT number FROM samples WHERE id = ?"
            vandal.execute(f"UPDATE crops SET crop = x'00' WHERE sample_number = ({number})", (first.id,))
        faces = store.faces_page(ann.id)
    assert [(face.sample_id, face.crop is None) for face in faces] == [(first.id, True), (second.id, False)]


def test_the_longest_name_is_found_by_all_of_it(store: GalleryStore) -> None:
    name = "ﷺ" * LONGEST_NAME  # the letter that unfolds to the most of them
    store.add(name, [draft(1)])
    assert [person.name for person in store.people_page(name).people] == [name]
