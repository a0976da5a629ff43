"""Restoring: all of the backup or nothing, and nobody goes on in a file that is gone."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL, draft
from people_files import PEOPLE, copied, state

from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery import restore
from facenet_app.gallery.backup import back_up
from facenet_app.gallery.copies import CopyKind, copies_of
from facenet_app.gallery.restore import restore_gallery
from facenet_app.gallery.store import GalleryStore


def opened(path: Path) -> GalleryStore:
    return GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT)


@pytest.fixture
def gallery(thirty_people: Path, tmp_path: Path) -> Path:
    return copied(thirty_people, tmp_path / "people")


@pytest.fixture
def backup(gallery: Path, tmp_path: Path) -> Path:
    """A backup of the gallery, which has changed since."""
    back_up(gallery, tmp_path / "backup.db")
    with opened(gallery) as store:
        store.rename("Person 03", "Somebody Else")
        store.add("Newcomer", [draft(1000)])
    return tmp_path / "backup.db"


def test_the_gallery_is_as_it_was_and_the_one_before_is_kept(gallery: Path, backup: Path) -> None:
    then, now = state(backup), state(gallery)
    done = restore_gallery(gallery, backup)
    assert state(gallery) == then
    assert done.replaced is not None
    assert state(done.replaced) == now
    assert (done.held.people, done.held.samples) == (PEOPLE, 2 * PEOPLE)
    assert [each.kind for each in copies_of(gallery)] == [CopyKind.BACKUP, CopyKind.REPLACED]
    assert {path.stat().st_mode & 0o777 for path in (gallery, done.replaced)} == {0o600}
    with opened(gallery) as store:
        assert store.check() == []
        store.add("After", [draft(2000)])


def test_nothing_is_kept_if_so_told(gallery: Path, backup: Path) -> None:
    assert restore_gallery(gallery, backup, keep=False).replaced is None
    assert state(gallery) == state(backup)
    assert [each.name for each in gallery.parent.iterdir() if "replaced" in each.name] == []


def test_where_there_is_no_gallery_yet(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "gallery.db"
    assert restore_gallery(new, backup).replaced is None
    assert state(new) == state(backup)
    assert list(new.parent.iterdir()) == [new]


def test_whoever_knew_the_gallery_before_reads_everything_anew(gallery: Path, backup: Path) -> None:
    """The revisions of two histories must not be taken for those of one."""
    with opened(gallery) as store:
        for _ in range(3):
            store.rename("Person 05", "Person Five")
            store.rename("Person Five", "Person 05")
        before = store.revision()
    restore_gallery(gallery, backup)
    with opened(gallery) as store:
        assert store.revision() > before
        store.add("After", [draft(2000)])
    with closing(sqlite3.connect(gallery)) as connection:
        (since,) = connection.execute("SELECT changes_since FROM gallery").fetchone()
        kinds = connection.execute("SELECT kind FROM changes").fetchall()
    assert since > before
    assert kinds == [("sample_added",)]


def test_not_while_another_program_has_it_open(
    gallery: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if that one does nothing just now: it would go on in a file that nobody sees."""
    monkeypatch.setattr(restore, "PATIENCE", 0.1)
    before = state(gallery)
    with opened(gallery) as program:
        assert program.get("Newcomer").samples == 1
        with pytest.raises(GalleryError, match=r"another program has the gallery .* open"):
            restore_gallery(gallery, backup)
        assert [each.name for each in gallery.parent.iterdir() if "partial" in each.name] == []
        program.add("Later", [draft(4000)])
        program.remove("Later")
    assert state(gallery) == before
    restore_gallery(gallery, backup)
    assert state(gallery) == state(backup)


def test_the_replaced_file_is_no_gallery_for_who_opened_it_just_before(gallery: Path, backup: Path) -> None:
    """It is gone from the folder, and a write into it would be lost without a word."""
    old = gallery.with_name("same-file.db")
    old.hardlink_to(gallery)
    restore_gallery(gallery, backup)
    with pytest.raises(GalleryError, match="is not a gallery"):
        opened(old)


@pytest.mark.parametrize("where", [0.0, 0.3, 0.6, 0.95])
def test_a_damaged_backup_changes_nothing(gallery: Path, backup: Path, where: float) -> None:
    content = bytearray(backup.read_bytes())
    start = int(len(content) * where)
    content[start : start + 5000] = os.urandom(len(content[start : start + 5000]))
    backup.write_bytes(content)
    before = state(gallery)
    with pytest.raises(
        GalleryError, match=r"backup.db (cannot be used|is damaged).*nothing was changed.*salvage"
    ):
        restore_gallery(gallery, backup)
    assert state(gallery) == before
    assert [each.name for each in gallery.parent.iterdir() if "partial" in each.name] == []


def test_a_backup_with_one_damaged_sample_is_refused(gallery: Path, backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE crops SET crop = x'00' WHERE sample_number = 3")
        connection.commit()
    before = state(gallery)
    with pytest.raises(GalleryError, match="is damaged"):
        restore_gallery(gallery, backup)
    assert state(gallery) == before


def test_things_that_are_no_backup(gallery: Path, tmp_path: Path) -> None:
    before = state(gallery)
    notes = tmp_path / "notes.txt"
    notes.write_text("not a gallery\n" * 100)
    with pytest.raises(GalleryError, match=r"notes.txt cannot be used .*is not a gallery"):
        restore_gallery(gallery, notes)
    with pytest.raises(GalleryError, match="no backup at"):
        restore_gallery(gallery, tmp_path / "typo.db")
    with pytest.raises(UsageError, match="is a folder"):
        restore_gallery(gallery, tmp_path)
    with pytest.raises(UsageError, match="the gallery itself"):
        restore_gallery(gallery, gallery)
    assert state(gallery) == before


@pytest.mark.parametrize(
    "damage", [lambda it: it[:0], lambda it: it[:3000], lambda it: it[:20000], lambda it: it[::-1]]
)
def test_over_a_damaged_gallery_which_is_kept_as_it_is(
    gallery: Path, backup: Path, damage: Callable[[bytes], bytes]
) -> None:
    ruin = damage(gallery.read_bytes())
    gallery.write_bytes(ruin)
    log = gallery.with_name("gallery.db-wal")
    log.write_bytes(b"what was left of a log")
    done = restore_gallery(gallery, backup)
    assert state(gallery) == state(backup)
    assert not log.exists()
    assert done.replaced is not None
    if ruin:
        assert done.replaced.read_bytes() == ruin


def test_something_that_may_be_no_gallery_is_never_discarded(gallery: Path, backup: Path) -> None:
    gallery.write_text("somebody's novel\n" * 1000)
    with pytest.raises(GalleryError, match="leave out --discard"):
        restore_gallery(gallery, backup, keep=False)
    assert gallery.read_text().startswith("somebody's novel")


def test_a_log_left_by_a_killed_program_belongs_to_the_gallery_before(gallery: Path, backup: Path) -> None:
    """Replayed into the restored file it would destroy it."""
    with opened(gallery) as store:
        store.add("In The Log", [draft(3000)])
        left = {suffix: gallery.with_name(gallery.name + suffix).read_bytes() for suffix in ("", "-wal")}
    for suffix, content in left.items():
        gallery.with_name(gallery.name + suffix).write_bytes(content)
    gallery.with_name("gallery.db-shm").unlink(missing_ok=True)
    assert len(left["-wal"]) > 0
    done = restore_gallery(gallery, backup)
    assert state(gallery) == state(backup)
    assert done.replaced is not None
    assert "In The Log" in [name for _, name, _, _ in state(done.replaced)]


def test_an_older_backup_is_brought_up_to_date(gallery: Path, tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    from facenet_app.gallery.migrations import upgrade

    old = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        upgrade(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO gallery (id, created_at, model, fingerprint, revision) "
            "VALUES (1, '2026-01-01 00:00:00', 'net-a', 'net-a:0123', 7)"
        )
    engine.dispose()
    content = old.read_bytes()
    restore_gallery(gallery, old)
    assert state(gallery) == []
    assert old.read_bytes() == content


def test_an_encrypted_gallery_needs_no_key_for_it_and_stays_encrypted(gallery: Path, tmp_path: Path) -> None:
    from facenet_app.gallery.keys import GalleryKeys, create_key_file

    before = state(gallery)
    create_key_file(tmp_path / "key")
    with opened(gallery) as store:
        store.encrypt(GalleryKeys(tmp_path / "key"))
    copy = tmp_path / "sealed.db"
    done = back_up(gallery, copy)
    assert (done.people, done.damaged) == (PEOPLE, ())
    assert b"Person" not in copy.read_bytes()
    restore_gallery(gallery, copy)
    with opened(gallery) as store:
        store.unlock(GalleryKeys(tmp_path / "key"))
        assert [(who.id, who.name) for who in store.identities()] == [each[:2] for each in before]
