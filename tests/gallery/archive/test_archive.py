"""Export and import: there and back without a bit of difference, and nothing if either fails."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from archives import bring_in, content, members_of, opened
from drafts import draft
from people_files import POINT, copied

from facenet_app.errors import ArchiveRefused, GalleryError, UsageError
from facenet_app.gallery import arrivals
from facenet_app.gallery.archive_format import SAMPLES
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.copies import CopyKind, copies_of
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def source(archived: Path, tmp_path: Path) -> Iterator[GalleryStore]:
    with opened(copied(archived, tmp_path / "source")) as store:
        yield store


def test_the_round_trip_is_exact(source: GalleryStore, store: GalleryStore, archive: Path) -> None:
    plan = bring_in(store, archive)
    assert content(store) == content(source)
    assert store.operating_points() == source.operating_points() == (POINT,)
    assert plan.counts() == {
        "added": 31,
        "replaced": 0,
        "kept_both": 0,
        "skipped": 0,
        "samples": 61,
        "duplicates": 0,
    }
    assert store.index().samples == 61
    assert [each.code for each in store.check()] == [each.code for each in source.check()]


@pytest.mark.parametrize("at_once", [1, 4])
def test_it_makes_no_difference_how_many_are_stored_together(
    source: GalleryStore, other: GalleryStore, archive: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_STORED_AT_ONCE", at_once)
    seen: list[tuple[int, int]] = []
    with StoredZip(archive) as opened:
        other.merge_in(read_archive(opened), OnConflict.SKIP, lambda *done: seen.append(done))
    assert content(other) == content(source)
    assert seen[-1] == (61, 61)
    assert len(seen) == len({done for done, _ in seen}) >= 61 // (2 * at_once)
    entries = other.audit().entries
    assert sum(each.samples or 0 for each in entries if each.action == "import") == 61


def test_which_file_people_came_from_is_in_the_audit_trail(store: GalleryStore, archive: Path) -> None:
    store.add("Somebody", [draft(900)])
    bring_in(store, archive)
    trail = store.audit()
    came = [entry for entry in trail.entries if entry.action == "import"]
    assert len(came) == 31
    assert {entry.source_sha256 for entry in came} == {hashlib.sha256(archive.read_bytes()).hexdigest()}
    assert trail.entries[0].source_sha256 is None
    assert trail.faults == ()


def test_the_same_gallery_gives_the_same_bytes(
    source: GalleryStore, other: GalleryStore, archive: Path, tmp_path: Path
) -> None:
    source.export(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()
    bring_in(other, archive)
    other.export(tmp_path / "back.zip")
    assert (tmp_path / "back.zip").read_bytes() == archive.read_bytes()


def test_an_archive_is_for_its_owner_and_is_noted(source: GalleryStore, tmp_path: Path) -> None:
    target = tmp_path / "new" / "people.zip"
    source.export(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(target.parent.iterdir()) == [target]
    assert [(each.path, each.kind) for each in copies_of(source.path)] == [(target, CopyKind.ARCHIVE)]
    with pytest.raises(UsageError, match="there already"):
        source.export(target)
    source.export(target, overwrite=True)


def test_of_nobody(other: GalleryStore, tmp_path: Path) -> None:
    other.export(tmp_path / "nobody.zip")
    with opened(tmp_path / "third" / "gallery.db") as third:
        assert bring_in(third, tmp_path / "nobody.zip").steps == ()
        assert third.identities() == []


def test_others_may_write_while_it_is_written(source: GalleryStore, archive: Path, tmp_path: Path) -> None:
    """It is of one moment; here the one before anything else was written."""
    with opened(source.path) as writer:

        def meanwhile(done: int, _total: int) -> None:
            if done in (1, 40):
                writer.add(f"Late {done}", [draft(7000 + done)])

        source.export(tmp_path / "people.zip", progress=meanwhile)
    assert (tmp_path / "people.zip").read_bytes() == archive.read_bytes()


def test_a_damaged_gallery_gives_no_archive(source: GalleryStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(source.path)) as connection:
        connection.execute("UPDATE crops SET crop = x'00' WHERE sample_number = 3")
        connection.commit()
    with pytest.raises(GalleryError, match="is damaged"):
        source.export(tmp_path / "people.zip")
    assert not list(tmp_path.glob("*.zip"))
    assert copies_of(source.path) == ()


def test_an_interruption_changes_nothing(other: GalleryStore, archive: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done > 30:
            raise KeyboardInterrupt

    before = content(other), other.revision()
    with StoredZip(archive) as file, pytest.raises(KeyboardInterrupt):
        other.merge_in(read_archive(file), OnConflict.SKIP, stop)
    assert (content(other), other.revision()) == before


def test_an_archive_that_changes_after_it_was_checked_changes_nothing(
    other: GalleryStore, archive: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(archive, tmp_path / "copy.zip"))
    before = content(other)
    with StoredZip(copy) as file:
        incoming = read_archive(file)
        data = bytearray(copy.read_bytes())
        png = data.index(b"\x89PNG")
        data[png + 60] ^= 1
        copy.write_bytes(data)
        with pytest.raises(ArchiveRefused):
            other.merge_in(incoming, OnConflict.SKIP)
    assert content(other) == before


def test_the_names_of_members_are_those_of_the_format(archive: Path) -> None:
    names = members_of(archive)
    assert SAMPLES in names
    assert sum(name.startswith("crops/") for name in names) == 60
    assert len(names) == 65
