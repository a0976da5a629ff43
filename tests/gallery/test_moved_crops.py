"""Galleries of the version that kept a sample's crop in the sample's own row."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from drafts import FINGERPRINT, MODEL, crop, draft, embed_differently, embedding
from server import Server
from sqlalchemy import create_engine

from facenet_app.domain import ServerUrl
from facenet_app.gallery import migrations
from facenet_app.gallery.keys import GalleryKeys, create_key_file
from facenet_app.gallery.rows import png_from_crop
from facenet_app.gallery.salvage import salvage
from facenet_app.gallery.schema import LATEST, metadata
from facenet_app.gallery.store import GalleryStore

BEFORE = "0006"
WITHOUT_CROP = 3


def fill(store: GalleryStore) -> None:
    store.add("Anna", [draft(1), draft(2)])
    store.add("Bea", [draft(WITHOUT_CROP, keep_crop=False)])
    store.add("Cleo", [draft(4)])


def contents(store: GalleryStore) -> list[tuple[Any, ...]]:
    """Everything of everybody."""
    return [
        (who, each.to_dict(), each.embedding.vector.tobytes(), each.crop and each.crop.pixels.tobytes())
        for who in store.identities()
        for each in store.samples(who.id)
    ]


def as_before(new: Path, old: Path) -> None:
    """The same gallery in a file that the program of before made."""
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        migrations.upgrade(connection, BEFORE)
    engine.dispose()
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("ATTACH ? AS new", [str(new)])
        for table in metadata.sorted_tables:
            if table.name != "crops":
                listed = ", ".join(c.name for c in table.c if c.name != "source_sha256")  # of a later version
                connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM new.{table}")
        connection.execute(
            "UPDATE samples SET crop = (SELECT crop FROM new.crops WHERE sample_number = number)"
        )
        connection.commit()


@pytest.fixture
def older(path: Path, tmp_path: Path) -> tuple[Path, list[tuple[Any, ...]]]:
    """Such a file, and what is in it."""
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        fill(store)
        expected = contents(store)
    as_before(path, tmp_path / "older.db")
    return tmp_path / "older.db", expected


def test_everything_is_kept(older: tuple[Path, list[tuple[Any, ...]]]) -> None:
    path, expected = older
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert contents(store) == expected
        assert [finding.code for finding in store.check()] == ["no_crop", "open_to_others"]
        (found,) = store.index().search(embedding(4), 1)
        assert (found.name, found.distance) == ("Cleo", 0.0)
        store.add("Dora", [draft(5)])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (LATEST,)
        assert connection.execute("SELECT sample_number FROM crops").fetchall() == [(1,), (2,), (4,), (5,)]


def test_who_is_removed_leaves_no_crop_behind(older: tuple[Path, list[tuple[Any, ...]]]) -> None:
    path, _ = older
    pieces = [png[-60:-30] for png in map(png_from_crop, (crop(1), crop(2)))]
    assert all(piece in path.read_bytes() for piece in pieces)
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.remove("Anna")
        left = b"".join(file.read_bytes() for file in path.parent.glob("older.db*"))
        assert not any(piece in left for piece in pieces)
        assert png_from_crop(crop(4))[-60:-30] in left


def test_sealed_crops_open_with_the_same_key(path: Path, tmp_path: Path) -> None:
    create_key_file(tmp_path / "key")
    keys = GalleryKeys(tmp_path / "key")
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        fill(store)
        expected = contents(store)
        store.encrypt(keys)
    as_before(path, tmp_path / "older.db")
    with GalleryStore.open(tmp_path / "older.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        assert contents(store.unlock(keys)) == expected


@pytest.mark.parametrize("lost", [None, 1], ids=["sound", "without its list of tables"])
def test_a_damaged_file_is_saved_with_its_crops(
    older: tuple[Path, list[tuple[Any, ...]]], tmp_path: Path, lost: int | None
) -> None:
    path, expected = older
    if lost:
        content = bytearray(path.read_bytes())
        content[:4096] = bytes(4096)
        path.write_bytes(content)
    done = salvage(path, tmp_path / "saved.db")
    assert done.losses == ()
    with GalleryStore.open(tmp_path / "saved.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        assert contents(store) == expected


@pytest.mark.postgres
def test_on_a_server_too(url: ServerUrl, server: Server) -> None:
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        fill(store)
        expected = contents(store)
    with server.connect(url) as admin:
        admin.execute("ALTER TABLE samples ADD COLUMN crop bytea")
        admin.execute("UPDATE samples SET crop = c.crop FROM crops c WHERE c.sample_number = number")
        admin.execute("DROP TABLE crops")
        admin.execute("DROP FUNCTION nearest_people, rows_enough")  # later migrations
        admin.execute("ALTER TABLE audit DROP COLUMN source_sha256")
        admin.execute("UPDATE alembic_version SET version_num = '0006'")
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert contents(store) == expected
        assert [finding.code for finding in store.check()] == ["no_crop"]
        store.remove("Anna")
        assert [finding.code for finding in store.check()] == ["no_crop"]
        store.remove("Bea")
        assert store.reembed("net-b", "net-b:1", embed_differently) == 1
