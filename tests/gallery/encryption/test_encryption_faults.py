"""Another key for an encrypted gallery, and values in it that do not open: said, and nothing is changed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sealed_gallery import CHEAP, OTHER_WORDS, WORDS, edit, everything, opened, raw

from facenet_app.errors import GalleryError, WrongKey
from facenet_app.gallery.keys import GalleryKeys, create_key_file
from facenet_app.gallery.store import GalleryStore


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
