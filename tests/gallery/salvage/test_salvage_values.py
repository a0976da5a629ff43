"""Salvage believes no value that cannot be what it claims to be, and opens nothing that was sealed."""

import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from damaged_files import HARMLESS, PAGE, PEOPLE, Samples, pages_of, saved, with_page
from drafts import MODEL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facenet_app.errors import GalleryError, WrongKey
from facenet_app.gallery.keys import GalleryKeys, create_key_file
from facenet_app.gallery.salvage import salvage
from facenet_app.gallery.store import GalleryStore


def test_values_that_cannot_be_what_they_claim(master: Path, damaged: Path, original: Any) -> None:
    """As a fault in memory would leave them, with sound pages around them."""
    damaged.write_bytes(master.read_bytes())
    faults = [
        "UPDATE identities SET name = 'Somebody Else' WHERE rowid = 1",
        "UPDATE identities SET enrolled_at = 'yesterday' WHERE rowid = 2",
        "UPDATE samples SET embedding = zeroblob(64) WHERE number = 11",
        "UPDATE samples SET dimension = 'x' WHERE number = 13",
        "UPDATE samples SET fingerprint = 'net-z' WHERE number = 15",
        "UPDATE samples SET reasons = '[[' WHERE number = 17",
        "UPDATE samples SET sharpness = 'very' WHERE number = 19",
        "UPDATE samples SET identity_id = 'nobody' WHERE number = 21",
        "UPDATE crops SET crop = x'89504e47' WHERE sample_number = 23",
        "UPDATE samples SET content_sha256 = 'x' WHERE number = 25",
        "UPDATE samples SET enrolled_at = 5 WHERE number = 27",
    ]
    with closing(sqlite3.connect(damaged)) as connection:
        for fault in faults:
            connection.execute(fault)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    done, samples = saved(damaged, damaged.read_bytes(), original)
    assert done.people == PEOPLE - 2
    assert len(samples) == len(original[1]) - 4 - 8
    assert {(loss.code, loss.name is None): loss.count for loss in done.losses if loss.name is None} == {
        ("sample_of_nobody", True): 5
    }
    named = {(loss.code, loss.name) for loss in done.losses if loss.name}
    assert ("sample", original_name(original, 5)) in named
    assert ("crop", original_name(original, 11)) in named


def original_name(original: tuple[dict[str, str], Samples], seed: int) -> str:
    return next(name for name in original[0].values() if name.startswith(f"Person {seed:02d}"))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(["bytes", "zeros", "noise", "cut", "swap"]))
def test_whatever_is_damaged_nothing_is_invented(
    master: Path, damaged: Path, original: Any, seed: int, kind: str
) -> None:
    rng = random.Random(seed)
    content = bytearray(master.read_bytes())
    pages = len(content) // PAGE
    changed = rng.choice([1, 5, 40])
    if kind == "bytes":
        for _ in range(changed):
            content[rng.randrange(len(content))] = rng.randrange(256)
    elif kind == "cut":
        del content[rng.randrange(len(content)) :]
    elif kind == "swap":
        one, two = (PAGE * rng.randrange(pages) for _ in range(2))
        content[one : one + PAGE], content[two : two + PAGE] = (
            content[two : two + PAGE],
            content[one : one + PAGE],
        )
    else:
        start = rng.randrange(len(content))
        size = min(rng.choice([16, 512, 20_000]), len(content) - start)
        content[start : start + size] = bytes(size) if kind == "zeros" else rng.randbytes(size)
    with suppress(GalleryError):
        _, samples = saved(damaged, bytes(content), original)
        # A wrong bit inside a number, a time or a vector cannot be seen; each is one of those changed.
        different = sum(value != (*original[1][key][:3], value[3]) for key, value in samples.items())
        assert different <= (changed if kind == "bytes" else 1)


@pytest.fixture
def sealed(master: Path, tmp_path: Path) -> tuple[Path, GalleryKeys]:
    """The same people, encrypted."""
    path, key = tmp_path / "sealed.db", tmp_path / "gallery.key"
    path.write_bytes(master.read_bytes())
    create_key_file(key)
    with GalleryStore.open(path, model=MODEL, fingerprint=None) as store:
        store.encrypt(GalleryKeys(key))
    return path, GalleryKeys(key)


def test_an_encrypted_gallery_stays_so(
    sealed: tuple[Path, GalleryKeys], tmp_path: Path, original: Any
) -> None:
    path, keys = sealed
    page = pages_of(path, "samples")[2]
    path.write_bytes(with_page(path.read_bytes(), page, bytes(PAGE)))
    with pytest.raises(WrongKey):
        salvage(path, tmp_path / "new.db")
    done = salvage(path, tmp_path / "new.db", keys=keys)
    assert done.people == PEOPLE
    assert 1 <= len(original[1]) - done.samples <= 30
    content = (tmp_path / "new.db").read_bytes()
    assert b"Person" not in content
    with GalleryStore.open(tmp_path / "new.db", model=MODEL, fingerprint=None).unlock(keys) as store:
        assert {who.id: who.name for who in store.identities()} == original[0]
        assert {finding.code for finding in store.check()} <= HARMLESS


def test_of_an_encrypted_gallery_no_wrong_bit_passes(
    sealed: tuple[Path, GalleryKeys], tmp_path: Path, original: Any
) -> None:
    path, keys = sealed
    with closing(sqlite3.connect(path)) as connection:
        for table, column, row in (("samples", "embedding", 5), ("crops", "crop", 7)):
            (stored,) = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = {row}").fetchone()
            changed = stored[:20] + bytes([stored[20] ^ 1]) + stored[21:]
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {row}", [changed])
        connection.commit()
    done = salvage(path, tmp_path / "new.db", keys=keys)
    assert done.samples == len(original[1]) - 1
    assert sorted(loss.code for loss in done.losses) == ["crop", "sample"]
