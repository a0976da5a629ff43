"""Removing a person leaves no byte of them in the files."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently

from facenet_app.domain import Consent, Identity, Sample
from facenet_app.errors import GalleryError, IdentityNotFound
from facenet_app.gallery.rows import png_from_crop
from facenet_app.gallery.store import GalleryStore


def bytes_of(path: Path) -> bytes:
    """The database with its write-ahead log and the index of that."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def traces(person: Identity, samples: list[Sample]) -> list[bytes]:
    """What must not be found: names, ids of samples, digests, and pieces of embeddings and crops.

    The person's own id, a random number, stays in the audit trail.
    """
    found = [person.name.encode(), person.name.casefold().encode()]
    if person.consent is not None:
        found.append(person.consent.encode())
    for sample in samples:
        vector = sample.embedding.vector.tobytes()
        found += [sample.id.encode(), sample.content_sha256.encode(), vector[:24], vector[-24:]]
        if sample.crop is not None:
            png = png_from_crop(sample.crop)
            middle = png.index(b"IDAT") + 20
            found += [png[start : start + 24] for start in (middle, len(png) // 2, len(png) - 50)]
    return found


def test_no_byte_of_a_removed_person_is_left(store: GalleryStore, path: Path) -> None:
    """Names long and short in no order split pages, which is when copies are left behind."""
    for seed in range(90):
        tail = "abcdefghij" * (seed % 9)
        store.add(
            f"{seed * 7919 % 1000:03d} Person-{seed:02d} {tail}", [draft(2 * seed), draft(2 * seed + 1)]
        )
    people = store.identities()
    for gone in people[::5]:
        samples = store.samples(gone.id)
        there = bytes_of(path)
        # The search itself works: an id is in the file, and so is each piece of a sample.
        assert [trace for trace in traces(gone, samples) if trace not in there] == []
        assert store.remove(gone.name) == gone
        left = bytes_of(path)
        assert [trace for trace in traces(gone, samples) if trace in left] == []
    assert store.identities() == [who for i, who in enumerate(people) if i % 5]
    assert store.check() == []


def test_people_who_are_removed_at_once_leave_no_byte(path: Path) -> None:
    """By several threads of two programs, while others look."""
    with (
        GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store,
        GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as another,
        ThreadPoolExecutor(6) as pool,
    ):
        store.add_people([(f"Person {seed:02d}", [draft(seed)]) for seed in range(30)])
        gone = store.identities()[:24]
        marks = [trace for each in gone for trace in traces(each, store.samples(each.id))]
        there = bytes_of(path)
        assert [mark for mark in marks if mark not in there] == []
        jobs = []
        for number, each in enumerate(gone):
            jobs.append(pool.submit((store, another)[number % 2].remove, each.name))
            jobs.append(pool.submit((another, store)[number % 2].people_page))
        for job in jobs:
            job.result(60)
        left = bytes_of(path)
        assert [mark for mark in marks if mark in left] == []
        assert store.check() == []


def test_the_name_before_a_renaming_goes_with_the_person(store: GalleryStore, path: Path) -> None:
    store.add("Formerly-Known", [draft(1)])
    store.rename("Formerly-Known", "Nowadays")
    store.add("Bea", [draft(2)])
    store.remove("nowadays")
    assert b"ormerly" not in bytes_of(path)
    assert b"owadays" not in bytes_of(path)
    assert [who.name for who in store.identities()] == ["Bea"]


def test_the_name_before_a_renaming_is_wiped_at_once(store: GalleryStore, path: Path) -> None:
    for seed in range(40):
        store.add(f"{seed * 7919 % 1000:03d} Person {'xyz' * (seed % 9)}", [draft(seed)])
    store.add("Formerly-Known", [draft(100)])
    assert b"ormerly-" in bytes_of(path)
    store.rename("Formerly-Known", "Nowadays")
    assert b"ormerly-" not in bytes_of(path)
    assert b"Nowadays" in bytes_of(path)
    assert store.check() == []


def test_the_name_and_note_of_a_merged_person_are_wiped(store: GalleryStore, path: Path) -> None:
    store.add("Duplicate-Person", [draft(1)], Consent("paper form 77"))
    store.add("Bea", [draft(2)], Consent("form 78"))
    (sample,) = store.samples(store.get("Duplicate-Person").id)
    kept = traces(store.get("Bea"), [sample])
    store.rename("Duplicate-Person", "Bea", merge=True)
    left = bytes_of(path)
    assert [trace for trace in (b"uplicate-", b"paper form") if trace in left] == []
    assert [trace for trace in kept if trace not in left] == []  # the sample itself goes on


def test_old_embeddings_are_wiped_by_reembedding(store: GalleryStore, path: Path) -> None:
    for seed in range(30):
        store.add(f"Person {seed}", [draft(2 * seed), draft(2 * seed + 1)])
    vectors = [draft(seed).embedding.vector.tobytes() for seed in range(60)]
    assert [vector for vector in vectors if vector not in bytes_of(path)] == []
    store.reembed("net-b", "net-b:1", embed_differently)
    left = bytes_of(path)
    assert [piece for vector in vectors for piece in (vector[:24], vector[-24:]) if piece in left] == []


def test_a_note_goes_with_the_person(store: GalleryStore, path: Path) -> None:
    store.add("Anna", [draft(1)], Consent("signed-form-12"))
    assert b"signed-form-12" in bytes_of(path)
    store.set_consent("Anna", Consent("agreed-by-mail"))
    store.remove("Anna")
    assert [trace for trace in (b"signed-form", b"agreed-by") if trace in bytes_of(path)] == []


def test_copies_in_free_space_go_too(store: GalleryStore, path: Path) -> None:
    """Such as splitting a page leaves behind; here another program's editing stands for that."""
    for seed, name in enumerate(["Anna", "Bertha-Maria-Theresia", "Cleo", "Dora"]):
        store.add(name, [draft(seed)])
    with closing(sqlite3.connect(path)) as careless:
        careless.execute("PRAGMA secure_delete = OFF")
        careless.execute("PRAGMA foreign_keys = ON")
        careless.execute("DELETE FROM identities WHERE name LIKE 'Bertha%'")
        careless.commit()
        careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Theresia" in bytes_of(path)
    store.remove("Dora")
    assert b"heresia" not in bytes_of(path)
    assert [who.name for who in store.identities()] == ["Anna", "Cleo"]


def test_a_removed_person_is_found_no_more_and_may_be_enrolled_again(store: GalleryStore) -> None:
    anna, _ = store.add("Anna", [draft(1)])
    store.add("Bea", [draft(2)])
    store.remove("ANNA")
    assert store.find("Anna") is None
    assert store.samples(anna.id) == []
    assert [c.name for c in store.index().search(draft(1).embedding, 9)] == ["Bea"]
    again, _ = store.add("Anna", [draft(1)])
    assert again.id != anna.id


def test_nobody_is_removed_by_a_wrong_name(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    with pytest.raises(IdentityNotFound, match="'Anna'"):
        store.remove("Ana")
    assert [who.name for who in store.identities()] == ["Anna"]


@pytest.mark.usefixtures("impatient")
def test_wiping_that_a_reader_prevents_is_said_and_made_up_for(path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna-Bertha", [draft(1)])
        store.add("Bea", [draft(2)])
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM identities").fetchall()
            with pytest.raises(GalleryError, match=r"'Anna-Bertha' was removed, but traces.*gallery check"):
                store.remove("anna-bertha")
            assert store.find("Anna-Bertha") is None
            assert [finding.code for finding in store.check()] == ["traces_left"]
            with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as other:  # still not possible
                assert [finding.code for finding in other.check()] == ["traces_left"]
        assert b"Anna-Bertha" in bytes_of(path)
        with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as other:
            assert other.check() == []
            assert b"Anna-Bertha" not in bytes_of(path)
            assert [who.name for who in other.identities()] == ["Bea"]
