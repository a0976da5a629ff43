"""Backups of a gallery in use, and the list of the copies that were made."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL, draft
from people_files import copied, state

from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery import verify
from facenet_app.gallery.backup import back_up
from facenet_app.gallery.copies import CopyKind, copies_of, note_copy
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def filled(thirty_people: Path, tmp_path: Path) -> Path:
    return copied(thirty_people, tmp_path / "people")


@pytest.fixture
def opened(filled: Path) -> Iterator[GalleryStore]:
    with GalleryStore.open(filled, model=MODEL, fingerprint=FINGERPRINT) as store:
        yield store


def test_a_copy_is_the_gallery_and_one_file_for_its_owner(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "today.db"
    done = back_up(filled, target)
    assert (done.people, done.samples, done.model, done.damaged) == (30, 60, MODEL, ())
    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert state(target) == state(filled)


def test_what_others_write_meanwhile_waits_for_nobody_and_is_not_in_it(
    filled: Path, opened: GalleryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is of one state, although it is made in many steps with writers between them."""
    monkeypatch.setattr(verify, "_PAGES", 1)
    before = state(filled)
    steps = []

    def write(done: int, total: int) -> None:
        steps.append((done, total))
        if len(steps) % 10 == 1:
            opened.add(f"Meanwhile {len(steps)}", [draft(1000 + len(steps))])

    back_up(filled, tmp_path / "copy.db", progress=write)
    assert steps[-1] == (steps[-1][1], steps[-1][1])
    assert len(steps) > 20
    assert state(tmp_path / "copy.db") == before
    assert len(state(filled)) > len(before)


@pytest.mark.usefixtures("impatient")
def test_a_copy_holds_no_trace_of_who_was_removed_but_not_wiped(filled: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(filled)) as busy:
        busy.execute("PRAGMA foreign_keys = ON")
        busy.execute("PRAGMA secure_delete = OFF")
        busy.execute("DELETE FROM identities WHERE name = 'Person 07'")
        busy.execute("UPDATE gallery SET unwiped_revision = revision")
        busy.commit()
        busy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Person 07" in filled.read_bytes()
    # Somebody reads, so the gallery itself cannot be wiped.
    with closing(sqlite3.connect(filled, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM identities").fetchall()
        back_up(filled, tmp_path / "copy.db")
    assert b"Person 07" not in (tmp_path / "copy.db").read_bytes()


def test_a_file_that_is_there_is_kept_unless_told(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious.txt"
    target.write_text("precious")
    with pytest.raises(UsageError, match=r"there already.*--force"):
        back_up(filled, target)
    assert target.read_text() == "precious"
    back_up(filled, target, overwrite=True)
    assert len(state(target)) == 30
    with pytest.raises(UsageError, match="is a folder"):
        back_up(filled, tmp_path, overwrite=True)


def test_a_file_that_appears_meanwhile_is_kept(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with pytest.raises(UsageError, match="there already"):
        back_up(filled, target, progress=lambda *_: target.write_text("precious") and None)
    assert target.read_text() == "precious"
    assert list(tmp_path.glob(".*")) == []


def test_onto_itself(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(filled)
    before = state(filled)
    for same in (filled, tmp_path / "link.db"):
        with pytest.raises(UsageError, match="the gallery itself"):
            back_up(filled, same, overwrite=True)
    assert state(filled) == before


def test_no_gallery_no_backup(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="there is no gallery"):
        back_up(tmp_path / "no.db", tmp_path / "copy.db")
    (tmp_path / "notes.txt").write_text("not a gallery" * 100)
    with pytest.raises(GalleryError, match="is not a gallery"):
        back_up(tmp_path / "notes.txt", tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_of_a_damaged_file_there_is_no_backup_but_the_way_out(
    filled: Path, opened: GalleryStore, tmp_path: Path
) -> None:
    opened.close()
    with closing(sqlite3.connect(filled)) as connection:
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_samples_identity_id'"
        ).fetchone()[0]
    content = bytearray(filled.read_bytes())
    content[(page - 1) * 4096 + 8 : page * 4096] = bytes(4088)
    filled.write_bytes(content)
    target = tmp_path / "copy.db"
    target.write_text("the good one of yesterday")
    with pytest.raises(GalleryError, match=r"damaged, so no backup.*gallery salvage"):
        back_up(filled, target, overwrite=True)
    assert target.read_text() == "the good one of yesterday"
    assert copies_of(filled) == ()


def test_a_damaged_sample_is_copied_and_said(filled: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE samples SET embedding = x'00' WHERE number = 3")
        connection.commit()
    done = back_up(filled, tmp_path / "copy.db")
    assert [each.code for each in done.damaged] == ["damaged_embedding"]
    assert done.to_dict()["findings"][0]["sample_ids"]


def test_where_nothing_can_be_written(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GalleryError, match="cannot be written"):
        back_up(filled, tmp_path / "file" / "copy.db")


def test_copies_are_listed_until_they_are_made_anew(filled: Path, tmp_path: Path) -> None:
    assert copies_of(filled) == ()
    first, second = tmp_path / "one.db", tmp_path / "two.db"
    back_up(filled, first)
    back_up(filled, second)
    back_up(filled, first, overwrite=True)
    noted = copies_of(filled)
    assert [(each.path, each.kind) for each in noted] == [
        (second, CopyKind.BACKUP),
        (first, CopyKind.BACKUP),
    ]
    assert stat.S_IMODE(filled.with_name("gallery.db.copies.json").stat().st_mode) == 0o600
    second.unlink()
    assert [each.there for each in copies_of(filled)] == [False, True]


def test_a_copy_may_hold_whoever_was_enrolled_before_it(filled: Path, opened: GalleryStore) -> None:
    old = opened.get("Person 03").enrolled_at
    noted = note_copy(filled, filled.with_name("copy.db"), CopyKind.ARCHIVE)
    new, _ = opened.add("New Person", [draft(999)])
    assert noted.may_hold(old)
    assert not noted.may_hold(new.enrolled_at)
    assert noted.may_hold(noted.made_at)
    assert noted.made_at <= datetime.now(UTC) < noted.made_at + timedelta(hours=1)


@pytest.mark.parametrize(
    "content", ["{", "[1]", '[{"path": "x"}]', '[{"path": 1, "kind": "backup", "made_at": "x"}]', "null"]
)
def test_a_list_that_cannot_be_read_is_said(filled: Path, content: str) -> None:
    """Silence would mean that there is no copy."""
    filled.with_name("gallery.db.copies.json").write_text(content)
    with pytest.raises(GalleryError, match=r"list of copies .* cannot be read"):
        copies_of(filled)


def test_two_at_once_are_both_listed(filled: Path, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    targets = [tmp_path / f"{number}.db" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda target: note_copy(filled, target, CopyKind.BACKUP), targets))
    assert {each.path for each in copies_of(filled)} == set(targets)
