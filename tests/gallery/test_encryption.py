"""An encrypted gallery does what a readable one does, and shows nothing to whoever has not the key."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently, embedding

from facenet_app.domain import Consent
from facenet_app.errors import (
    DuplicateSample,
    GalleryError,
    IdentityExists,
    IdentityNotFound,
    UsageError,
    WrongKey,
)
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.keys import GalleryKeys, ScryptCost, create_key_file
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.rows import png_from_crop
from facenet_app.gallery.store import GalleryStore

CHEAP = ScryptCost(2**4)
WORDS = GalleryKeys(passphrase="correct horse battery")
OTHER_WORDS = GalleryKeys(passphrase="incorrect horse battery")
END = datetime.now(UTC) + timedelta(days=9)


def opened(path: Path, keys: GalleryKeys | None = None) -> GalleryStore:
    store = GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT)
    return store if keys is None else store.unlock(keys)


def fill(store: GalleryStore) -> None:
    store.add("Anna-Maria", [draft(1), draft(2)], Consent("signed-form-12", END))
    store.add("Bertha", [draft(3)])
    store.add("Zoë", [draft(4)])


@pytest.fixture
def sealed(store: GalleryStore) -> GalleryStore:
    """An encrypted gallery of three people, unlocked."""
    fill(store)
    store.encrypt(WORDS, CHEAP)
    return store


@pytest.fixture
def closed(sealed: GalleryStore) -> None:
    sealed.close()


def raw(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def everything(store: GalleryStore) -> list[object]:
    """All that can be read of a gallery."""
    found: list[object] = [store.index().search(embedding(seed), 9) for seed in range(6)]
    for person in store.identities():
        found.append(person)
        for sample in store.samples(person.id):
            pixels = None if sample.crop is None else sample.crop.pixels.tobytes()
            vector = sample.embedding.vector.tobytes()
            found.append(
                (sample.id, vector, pixels, sample.content_sha256, sample.quality, sample.enrolled_at)
            )
    return found


SECRETS = [
    b"Anna-Maria",
    b"anna-maria",
    b"Bertha",
    b"bertha",
    "Zoë".encode(),
    b"signed-form",
    *(draft(seed).content_sha256.encode() for seed in (1, 2, 3, 4)),
    *(piece for seed in (1, 2, 3, 4) for piece in [draft(seed).embedding.vector.tobytes()[:24]]),
]


def pictures() -> list[bytes]:
    pngs = [png_from_crop(crop) for seed in (1, 2, 3, 4) if (crop := draft(seed).crop) is not None]
    return [png[start : start + 24] for png in pngs for start in (png.index(b"IDAT") + 20, len(png) // 2)]


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


def test_another_key(sealed: GalleryStore, path: Path, tmp_path: Path) -> None:
    before = everything(sealed)
    with closing(sqlite3.connect(path)) as connection:
        old = connection.execute("SELECT name, name_key FROM identities").fetchall()
        old += connection.execute("SELECT embedding, content_sha256 FROM samples").fetchall()
    key = GalleryKeys(tmp_path / "gallery.key")
    create_key_file(tmp_path / "gallery.key")
    sealed.rotate_key(key)
    assert everything(sealed) == before
    content = raw(path)
    pieces = [value if isinstance(value, bytes) else value.encode() for row in old for value in row]
    assert [piece for piece in pieces if piece in content] == []
    sealed.close()
    with pytest.raises(WrongKey, match="key file, and none was given"):
        opened(path, WORDS)
    with opened(path, key) as store:
        assert everything(store) == before


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


@pytest.mark.parametrize(("table", "column"), [("samples", "embedding"), ("crops", "crop")])
def test_a_tampered_value_is_damage_and_named(
    sealed: GalleryStore, path: Path, table: str, column: str
) -> None:
    (sample,) = sealed.samples(sealed.get("Bertha").id)
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT number FROM samples WHERE id = ?"
        row = connection.execute(query, (sample.id,)).fetchone()
        data = bytearray(
            connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", row).fetchone()[0]
        )
        data[20] ^= 4
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(data), *row))
        connection.commit()
    with pytest.raises(GalleryError, match="damaged"):
        sealed.samples(sealed.get("Bertha").id)
    findings = {finding.code: finding.sample_ids for finding in sealed.check()}
    assert findings[f"damaged_{column}"] == (sample.id,)


@pytest.mark.parametrize(
    "statement",
    [
        # Anna's embedding in Bertha's row, a name in another row, a truncated name
        "UPDATE samples SET embedding = (SELECT embedding FROM samples WHERE number = 1) WHERE number = 3",
        "UPDATE identities SET name = (SELECT name FROM identities ORDER BY id DESC LIMIT 1)",
        "UPDATE identities SET name = substr(name, 1, 20)",
    ],
)
def test_values_of_other_rows_and_pieces_do_not_open(
    sealed: GalleryStore, path: Path, statement: str
) -> None:
    edit(path, statement)
    with opened(path, WORDS) as store, pytest.raises(GalleryError, match="damaged"):
        store.index()


def test_a_value_that_does_not_open_stops_rotation_and_changes_nothing(
    sealed: GalleryStore, path: Path
) -> None:
    edit(path, "UPDATE samples SET embedding = x'00' WHERE number = 4")
    revision, before = sealed.revision(), raw(path)
    with pytest.raises(GalleryError, match="damaged"):
        sealed.rotate_key(OTHER_WORDS, CHEAP)
    assert sealed.revision() == revision
    assert [who.name for who in sealed.identities()] == ["Anna-Maria", "Bertha", "Zoë"]
    assert len(raw(path)) >= len(before)


def test_check_says_what_it_could_not_look_at(closed: None, path: Path) -> None:
    with opened(path) as store:
        (finding,) = store.check()
    assert (finding.code, "none was given" in finding.message) == ("locked", True)
    edit(path, "UPDATE identities SET name = substr(name, 1, 20) WHERE consent IS NULL")
    with opened(path, WORDS) as store:
        (finding,) = store.check()
    assert (finding.code, finding.message[:2]) == ("damaged_name", "2 ")


def test_a_damaged_header_is_said(closed: None, path: Path) -> None:
    edit(path, "UPDATE gallery SET encryption = '{\"version\": 1}'")
    with pytest.raises(GalleryError, match="damaged"):
        opened(path, WORDS)


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
