"""What was removed a moment ago is put back as it was, or is gone for good."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently
from test_removal import bytes_of, traces

from facenet_app.domain import Consent, Place, Template
from facenet_app.errors import (
    DuplicateSample,
    GalleryError,
    IdentityExists,
    IdentityNotFound,
    UsageError,
)
from facenet_app.gallery.keys import GalleryKeys, ScryptCost
from facenet_app.gallery.store import GalleryStore

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def two(store: GalleryStore) -> GalleryStore:
    store.add("Anna", [draft(1), draft(2, keep_crop=False), draft(3)], Consent("form 12", LATER))
    store.add("Bea", [draft(4)])
    return store


def everything(store: GalleryStore) -> list[Any]:
    """All that is stored of everybody."""
    found: list[Any] = []
    for person in store.identities():
        found.append(person)
        for sample in store.samples(person.id):
            crop = None if sample.crop is None else (sample.crop.pixels.tobytes(), sample.crop.alignment)
            vector = sample.embedding.vector.tobytes(), sample.embedding.fingerprint
            found.append((sample.to_dict(), vector, crop))
    return found


def test_a_person_comes_back_as_before(two: GalleryStore) -> None:
    before = everything(two)
    taken = two.take_out("ANNA")
    assert (taken.person.name, taken.everything) == ("Anna", True)
    assert [person.name for person in two.identities()] == ["Bea"]
    assert two.put_back(taken) == taken.person
    assert everything(two) == before
    assert two.owners_of([draft(1).content_sha256]) == {draft(1).content_sha256: "Anna"}
    assert [finding.code for finding in two.check()] == ["no_crop"]


def test_one_picture_comes_back_as_before(two: GalleryStore) -> None:
    before = everything(two)
    anna = two.get("Anna")
    *others, last = (sample.id for sample in two.samples(anna.id))
    taken = two.take_out("Anna", last)
    assert (taken.person.name, taken.everything) == ("Anna", False)
    assert [sample.id for sample in two.samples(anna.id)] == others
    assert two.get("Anna").samples == 2
    assert two.put_back(taken) == anna
    assert everything(two) == before
    assert [finding.code for finding in two.check()] == ["no_crop"]


@pytest.mark.parametrize("template", Template)
def test_searches_of_others_follow(two: GalleryStore, place: Place, template: Template) -> None:
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as other:

        def nearest(seed: int) -> tuple[str, float]:
            first = other.index().search(draft(seed).embedding, 1, template)[0]
            return first.name, first.distance

        before = nearest(1), nearest(2), nearest(4)
        one = two.take_out("Anna", two.samples(two.get("Anna").id)[0].id)
        assert nearest(1)[1] > before[0][1] + 0.1
        assert nearest(2)[0] == "Anna"
        all_of_her = two.take_out("Anna")
        assert nearest(2)[0] == "Bea"
        two.put_back(all_of_her)
        two.put_back(one)
        assert (nearest(1), nearest(2), nearest(4)) == before


@pytest.mark.parametrize("encrypted", [False, True])
def test_nothing_is_left_in_the_file_meanwhile(path: Path, encrypted: bool) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna-Maria", [draft(1), draft(2)], Consent("form 12"))
        store.add("Bea", [draft(3)])
        if encrypted:
            store.encrypt(GalleryKeys(passphrase="four words of mine"), ScryptCost(2**4))
        person, before = store.get("Anna-Maria"), everything(store)
        samples = store.samples(person.id)
        there = [trace for trace in traces(person, samples) if trace in bytes_of(path)]
        assert there
        taken = store.take_out("Anna-Maria")
        assert [trace for trace in traces(person, samples) if trace in bytes_of(path)] == []
        store.put_back(taken)
        assert everything(store) == before
        assert [trace for trace in traces(person, samples) if trace in bytes_of(path)] == there
        of_one = [trace for trace in traces(person, samples[1:]) if trace not in traces(person, [])]
        one = store.take_out("Anna-Maria", samples[1].id)
        assert [trace for trace in of_one if trace in bytes_of(path)] == []
        store.put_back(one)
        assert everything(store) == before


def test_what_stands_in_the_trail(two: GalleryStore) -> None:
    anna = two.get("Anna")
    begin = len(two.audit().entries)
    two.put_back(two.take_out("Anna", two.samples(anna.id)[0].id))
    two.put_back(two.take_out("Anna"))
    trail = two.audit()
    assert [(each.action, each.identity_id, each.samples) for each in trail.entries[begin:]] == [
        ("remove_sample", anna.id, 1),
        ("undo_remove", anna.id, 1),
        ("remove", anna.id, 3),
        ("undo_remove", anna.id, 3),
    ]
    assert trail.faults == ()


def test_what_cannot_be_taken_out(two: GalleryStore) -> None:
    (only,) = two.samples(two.get("Bea").id)
    revision = two.revision()
    with pytest.raises(UsageError, match="only picture"):
        two.take_out("Bea", only.id)
    with pytest.raises(GalleryError, match="not there any more"):
        two.take_out("Anna", only.id)
    with pytest.raises(IdentityNotFound):
        two.take_out("Cleo")
    assert two.revision() == revision


def change_model(store: GalleryStore) -> None:
    store.reembed("net-b", "net-b:1", embed_differently)


MEANWHILE: dict[str, tuple[bool, Callable[[GalleryStore], object], type[Exception]]] = {
    "the name is taken": (True, lambda store: store.add("anna", [draft(7)]), IdentityExists),
    "a picture is enrolled again": (True, lambda store: store.add("Cleo", [draft(1)]), DuplicateSample),
    "the picture is enrolled again": (False, lambda store: store.add("Cleo", [draft(3)]), DuplicateSample),
    "the person is gone": (False, lambda store: store.remove("Anna"), IdentityNotFound),
    "the person is somebody else": (
        False,
        lambda store: store.rename("Anna", "Bea", merge=True),
        IdentityNotFound,
    ),
    "the model is another one": (True, change_model, GalleryError),
}


@pytest.mark.parametrize("case", MEANWHILE)
def test_what_does_not_fit_any_more_is_not_put_back(two: GalleryStore, case: str) -> None:
    whole, change, error = MEANWHILE[case]
    taken = two.take_out("Anna", None if whole else two.samples(two.get("Anna").id)[2].id)
    change(two)
    before, revision = everything(two), two.revision()
    with pytest.raises(error):
        two.put_back(taken)
    assert (everything(two), two.revision()) == (before, revision)


def test_what_is_put_back_once_is_not_put_back_twice(two: GalleryStore) -> None:
    taken = two.take_out("Anna")
    two.put_back(taken)
    with pytest.raises((IdentityExists, DuplicateSample)):
        two.put_back(taken)


def test_a_renamed_person_gets_the_picture(two: GalleryStore) -> None:
    taken = two.take_out("Anna", two.samples(two.get("Anna").id)[0].id)
    two.rename("Anna", "Anne")
    assert two.put_back(taken).name == "Anne"
    assert two.get("Anne").samples == 3
