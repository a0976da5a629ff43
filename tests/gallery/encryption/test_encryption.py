"""An encrypted gallery does what a readable one does, and shows nothing to whoever has not the key."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drafts import draft, embed_differently, embedding
from sealed_gallery import CHEAP, OTHER_WORDS, SECRETS, WORDS, everything, fill, opened, pictures, raw

from facenet_app.domain import Consent
from facenet_app.errors import DuplicateSample, IdentityExists, IdentityNotFound, UsageError, WrongKey
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.keys import GalleryKeys
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.store import GalleryStore


def test_encrypting_changes_nothing_but_the_file(store: GalleryStore, path: Path) -> None:
    fill(store)
    before = everything(store)
    secrets = SECRETS + pictures()
    assert [secret for secret in secrets if secret not in raw(path)] == []
    store.encrypt(WORDS, CHEAP)
    assert [secret for secret in secrets if secret in raw(path)] == []
    assert everything(store) == before
    assert store.check() == []
    store.decrypt()
    assert everything(store) == before
    assert [secret for secret in secrets if secret not in raw(path)] == []
    assert [entry.action for entry in store.audit().entries[-2:]] == ["encrypt", "decrypt"]


def test_whoever_opens_it_later_needs_the_key(closed: None, path: Path) -> None:
    with opened(path, WORDS) as store:
        assert [who.name for who in store.identities()] == ["Anna-Maria", "Bertha", "Zoë"]
    with pytest.raises(WrongKey, match="not the passphrase"):
        opened(path, OTHER_WORDS)
    with pytest.raises(WrongKey, match="FACENET_APP_GALLERY_PASSPHRASE"):
        opened(path, GalleryKeys())
    uses: list[Callable[[GalleryStore], object]] = [
        lambda store: store.index(),
        lambda store: store.identities(),
        lambda store: store.find("Bertha"),
        lambda store: store.add("Cleo", [draft(9)]),
        lambda store: store.rename("Bertha", "Berta"),
        lambda store: store.remove("Bertha"),
        lambda store: store.owners_of([draft(1).content_sha256]),
        lambda store: store.reembed("net-b", "net-b:1", embed_differently),
        lambda store: store.set_consent("Bertha", Consent("x")),
        lambda store: store.decrypt(),
        lambda store: store.rotate_key(OTHER_WORDS, CHEAP),
    ]
    with opened(path) as store:
        revision = store.revision()
        for use in uses:
            with pytest.raises(WrongKey, match="FACENET_APP_GALLERY_PASSPHRASE"):
                use(store)
        assert store.revision() == revision
        assert [entry.action for entry in store.audit().entries][-1] == "encrypt"  # needs no key


def test_what_is_written_afterwards_is_sealed_too(sealed: GalleryStore, path: Path) -> None:
    sealed.add("Cleopatra", [draft(11)], Consent("note-of-cleopatra"))
    sealed.add("bertha", [draft(12)])
    sealed.rename("Zoë", "Zora-Neale")
    sealed.set_consent("Bertha", Consent("note-of-bertha"))
    secrets = [b"leopatra", b"note-of", b"ora-Neale", b"ora-neale"]
    secrets += [draft(seed).embedding.vector.tobytes()[:24] for seed in (11, 12)]
    secrets += [draft(seed).content_sha256.encode() for seed in (11, 12)]
    assert [secret for secret in secrets if secret in raw(path)] == []
    assert [(who.name, who.samples, who.consent) for who in sealed.identities()] == [
        ("Anna-Maria", 2, "signed-form-12"),
        ("Bertha", 2, "note-of-bertha"),
        ("Cleopatra", 1, "note-of-cleopatra"),
        ("Zora-Neale", 1, None),
    ]
    assert sealed.index().search(embedding(11), 1)[0].name == "Cleopatra"
    assert sealed.check() == []


def test_many_people_at_once_are_sealed_too(sealed: GalleryStore, path: Path) -> None:
    sealed.add_people([("Cleopatra", [draft(21)]), ("bertha", [draft(22)]), ("Dido-of-Tyre", [draft(23)])])
    secrets = [b"leopatra", b"ido-of", *(draft(seed).content_sha256.encode() for seed in (21, 22, 23))]
    secrets += [draft(seed).embedding.vector.tobytes()[:24] for seed in (21, 22, 23)]
    assert [secret for secret in secrets if secret in raw(path)] == []
    assert {who.name: who.samples for who in sealed.identities()} == {
        "Anna-Maria": 2,
        "Bertha": 2,
        "Cleopatra": 1,
        "Dido-of-Tyre": 1,
        "Zoë": 1,
    }
    assert [(entry.action, entry.samples) for entry in sealed.audit().entries[-3:]] == [("enroll", 1)] * 3
    assert sealed.owners_of([draft(22).content_sha256]) == {draft(22).content_sha256: "Bertha"}
    assert sealed.check() == []


def test_names_and_pictures_are_found_as_before(sealed: GalleryStore) -> None:
    assert sealed.get("ANNA-MARIA ").samples == 2
    with pytest.raises(IdentityNotFound, match="'Bertha'"):
        sealed.get("Berta")
    with pytest.raises(IdentityExists):
        sealed.rename("Zoë", "bertha")
    with pytest.raises(DuplicateSample):
        sealed.add("Cleo", [draft(1)])
    digest = draft(3).content_sha256
    assert sealed.owners_of([digest]) == {digest: "Bertha"}
    merged = sealed.rename("Bertha", "Anna-Maria", merge=True)
    assert (merged.samples, merged.consent) == (3, "signed-form-12")
    assert [c.name for c in sealed.index().search(embedding(3), 1)] == ["Anna-Maria"]
    sealed.remove("anna-maria")
    assert [who.name for who in sealed.identities()] == ["Zoë"]


def test_reembedding_an_encrypted_gallery(store: GalleryStore, path: Path) -> None:
    store.add("Anna", [draft(1)])
    store.encrypt(WORDS, CHEAP)
    store.reembed("net-b", "net-b:1", embed_differently)
    (sample,) = store.samples(store.get("Anna").id)
    crop = draft(1).crop
    assert crop is not None
    expected = embed_differently([crop])[0]
    assert np.array_equal(sample.embedding.vector, expected)
    assert expected.tobytes()[:16] not in raw(path)
    assert store.index().people == 1


def test_a_process_with_the_key_goes_on_when_another_one_encrypts(store: GalleryStore, path: Path) -> None:
    fill(store)
    with opened(path, WORDS) as ready, opened(path) as unaware:
        assert ready.index().people == unaware.index().people == 3
        store.encrypt(WORDS, CHEAP)
        ready.add("Cleo", [draft(9)])
        assert store.get("Cleo").samples == 1
        with pytest.raises(WrongKey):
            unaware.add("Dora", [draft(10)])
        with pytest.raises(WrongKey):
            unaware.index()


def test_what_cannot_be_done(store: GalleryStore) -> None:
    for use in (store.decrypt, lambda: store.rotate_key(WORDS, CHEAP)):
        with pytest.raises(UsageError, match="not encrypted"):
            use()
    with pytest.raises(UsageError, match="12 characters"):
        store.encrypt(GalleryKeys(passphrase="short"))
    store.encrypt(WORDS, CHEAP)  # an empty one, too
    store.add("Anna", [draft(1)])
    with pytest.raises(UsageError, match="encrypted already"):
        store.encrypt(OTHER_WORDS, CHEAP)
    assert store.get("Anna").samples == 1


def test_out_of_an_encrypted_gallery_and_into_one(sealed: GalleryStore, path: Path, tmp_path: Path) -> None:
    sealed.export(tmp_path / "everybody.zip")
    assert sealed.audit().entries[-1].action == "export"
    other = tmp_path / "other.db"
    with StoredZip(tmp_path / "everybody.zip") as archive, opened(other) as store:
        people = read_archive(archive)
        store.encrypt(WORDS, CHEAP)
        store.add("Zoë", [draft(4)])
        assert store.would_merge(people, OnConflict.SKIP).counts()["skipped"] == 1
        store.merge_in(people, OnConflict.SKIP)
        assert [(who.name, who.samples) for who in store.identities()] == [
            ("Anna-Maria", 2),
            ("Bertha", 1),
            ("Zoë", 1),
        ]
        assert [secret for secret in SECRETS + pictures() if secret in raw(other)] == []
        assert store.check() == []


def test_many_rows(store: GalleryStore) -> None:
    """More than are read at a time."""
    for person in range(3):
        store.add(f"Person {person}", [draft(1000 * person + seed) for seed in range(400)])
    store.add("No Picture", [draft(9999, keep_crop=False)])
    before = everything(store)
    store.encrypt(WORDS, CHEAP)
    assert everything(store) == before
