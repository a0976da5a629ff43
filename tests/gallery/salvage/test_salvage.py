"""Salvage of damaged pages: what is saved was there, and what can be read is saved."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from damaged_files import PAGE, PEOPLE, held, pages_of, saved, with_page
from drafts import FINGERPRINT, MODEL, draft

from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.restore import restore_gallery
from facenet_app.gallery.salvage import salvage
from facenet_app.gallery.store import GalleryStore


def test_of_a_sound_file_everything(master: Path, damaged: Path, original: Any) -> None:
    done, samples = saved(damaged, master.read_bytes(), original)
    assert samples == original[1]
    assert (done.people, done.losses, done.model) == (PEOPLE, (), MODEL)


@pytest.mark.parametrize(
    "index", ["ix_samples_identity_id", "sqlite_autoindex_samples_1", "sqlite_autoindex_identities_2"]
)
@pytest.mark.parametrize("fill", [0, 255])
def test_a_damaged_index_costs_nothing(
    master: Path, damaged: Path, original: Any, index: str, fill: int
) -> None:
    content = master.read_bytes()
    for page in pages_of(master, index):
        content = with_page(content, page, bytes([fill]) * PAGE)
    done, samples = saved(damaged, content, original)
    assert samples == original[1]
    assert done.losses == ()


@pytest.mark.parametrize("which", [0, 3, -1])
def test_a_damaged_page_of_samples_costs_those_on_it(
    master: Path, damaged: Path, original: Any, which: int
) -> None:
    page = pages_of(master, "samples")[which]
    done, samples = saved(damaged, with_page(master.read_bytes(), page, bytes(PAGE)), original)
    assert done.people == PEOPLE
    gone = len(original[1]) - len(samples)
    assert 1 <= gone <= 30
    assert all(samples[key] == original[1][key] for key in samples)
    # The index of owners still knows whose they were.
    assert sum(loss.count for loss in done.losses if loss.code == "sample" and loss.name) == gone


def test_a_damaged_page_of_people_costs_them_and_their_samples(
    master: Path, damaged: Path, original: Any
) -> None:
    page = pages_of(master, "identities")[1]
    done, samples = saved(damaged, with_page(master.read_bytes(), page, bytes(PAGE)), original)
    lost = PEOPLE - done.people
    assert 1 <= lost < PEOPLE
    assert len(samples) == 2 * done.people
    counts = {(loss.code, loss.name is None): loss.count for loss in done.losses}
    assert counts["sample_of_nobody", True] == 2 * lost
    assert sum(loss.count for loss in done.losses if loss.code == "person") == lost


def test_a_torn_crop_costs_the_crop(master: Path, damaged: Path, original: Any) -> None:
    content = master.read_bytes()
    with closing(sqlite3.connect(master)) as connection:
        (png,) = connection.execute("SELECT crop FROM crops WHERE sample_number = 2").fetchone()
    at = content.index(png[-3000:-2000])
    done, samples = saved(damaged, with_page(content, at // PAGE + 1, b"\xff" * PAGE), original)
    assert done.people == PEOPLE
    assert len(samples) == len(original[1])
    assert sum(value[3] is None for value in samples.values()) == 1
    assert [(loss.code, loss.count) for loss in done.losses] == [("crop", 1)]


@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_file_that_ends_early(master: Path, damaged: Path, original: Any, share: float) -> None:
    damaged.write_bytes(master.read_bytes())
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("VACUUM")  # people before samples, in order, and the list of tables at the end
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = damaged.read_bytes()
    done, samples = saved(damaged, content[: int(len(content) * share)], original)
    assert done.people == PEOPLE
    assert len(samples) >= share * len(original[1]) - 15


@pytest.mark.parametrize("header", [bytes(100), b"\xff" * 100])
def test_a_destroyed_header(master: Path, damaged: Path, original: Any, header: bytes) -> None:
    _, samples = saved(damaged, header + master.read_bytes()[100:], original)
    assert samples == original[1]


@pytest.mark.parametrize("vacuumed", [False, True])
@pytest.mark.parametrize("page", [1, None])
def test_a_lost_list_of_tables(
    master: Path, damaged: Path, original: Any, vacuumed: bool, page: int | None
) -> None:
    """It takes several pages; each of them is needed for all tables."""
    damaged.write_bytes(master.read_bytes())
    with closing(sqlite3.connect(damaged)) as connection:
        if vacuumed:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    lost = page or pages_of(damaged, "sqlite_schema")[0]
    done, samples = saved(damaged, with_page(damaged.read_bytes(), lost, bytes(PAGE)), original)
    assert samples == original[1]
    assert (done.people, done.model, done.losses) == (PEOPLE, MODEL, ())


def test_the_row_that_names_the_model(master: Path, damaged: Path, original: Any) -> None:
    page = pages_of(master, "gallery")[0]
    done, samples = saved(damaged, with_page(master.read_bytes(), page, bytes(PAGE)), original)
    assert samples == original[1]
    assert done.model == "unknown"


def test_what_is_in_the_log_counts(master: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "gallery.db"
    path.write_bytes(master.read_bytes())
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("In The Log", [draft(5000)])
        for name in ("gallery.db", "gallery.db-wal"):
            (tmp_path / name).write_bytes((tmp_path / "a" / name).read_bytes())
    done = salvage(tmp_path / "gallery.db", tmp_path / "new.db")
    assert done.people == PEOPLE + 1
    assert not (tmp_path / "gallery.db-shm").exists()


def test_something_else(tmp_path: Path) -> None:
    for content in (b"", b"x" * 10_000, bytes(20_000)):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(GalleryError, match="can be read"):
            salvage(tmp_path / "other", tmp_path / "new.db")
    with pytest.raises(GalleryError, match="no gallery at"):
        salvage(tmp_path / "missing", tmp_path / "new.db")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_the_new_file_is_for_the_owner_and_overwrites_nothing(master: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.db"
    salvage(master, target)
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there already"):
        salvage(master, target)
    with pytest.raises(UsageError, match="the gallery itself"):
        salvage(master, master, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_what_was_saved_can_take_the_place_of_the_damaged_file(
    master: Path, damaged: Path, original: Any
) -> None:
    page = pages_of(master, "samples")[2]
    ruin = with_page(master.read_bytes(), page, bytes(PAGE))
    _, samples = saved(damaged, ruin, original)
    done = restore_gallery(damaged, damaged.with_name("saved.db"))
    assert held(damaged)[1] == samples
    assert done.replaced is not None
    assert done.replaced.stat().st_size == len(ruin)
