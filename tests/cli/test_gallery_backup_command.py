"""``facenet-app gallery backup`` and ``restore``."""

from pathlib import Path

import pytest
from program import Cli

from facenet_app.domain import Embedding, FaceCrop, Quality, SampleDraft
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def filled(own_gallery: Path) -> Path:
    """Ada with one sample; no network is needed for that."""
    import numpy as np

    vector = np.zeros(128, np.float32)
    vector[0] = 1
    crop = FaceCrop(np.full((112, 112, 3), 128, np.uint8), "five-points-112")
    with GalleryStore.open(own_gallery, model="sface", fingerprint="sface-1") as store:
        store.add("Ada", [SampleDraft(Embedding(vector, "sface-1"), crop, Quality(60, 20), "1" * 64)])
    return own_gallery


def names(cli: Cli) -> list[str]:
    return [person["name"] for person in cli("gallery", "list", "--json").document["people"]]


def test_there_and_back(cli: Cli, filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    done = cli("gallery", "backup", copy)
    assert (done.code, done.out) == (0, f"1 person with 1 sample copied to {copy}\n")
    assert cli("gallery", "rename", "Ada", "Grace").code == 0
    done = cli("gallery", "restore", copy, "--yes", "--json")
    assert done.code == 0
    assert set(done.document) == {"model", "people", "samples", "findings", "replaced"}
    assert names(cli) == ["Ada"]
    assert cli("gallery", "restore", done.document["replaced"], "--yes", "--discard").code == 0
    assert names(cli) == ["Grace"]


def test_an_existing_file_is_not_overwritten(cli: Cli, filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert cli("gallery", "backup", copy).code == 0
    assert cli("gallery", "backup", copy, "--json").error_code == "usage"
    done = cli("gallery", "backup", copy, "--force", "--json")
    assert done.document == {
        "file": str(copy),
        "model": "sface",
        "people": 1,
        "samples": 1,
        "findings": [],
    }


def test_restoring_asks(cli: Cli, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from io import StringIO

    copy = tmp_path / "copy.db"
    cli("gallery", "backup", copy)
    cli("gallery", "rename", "Ada", "Grace")
    assert cli("gallery", "restore", copy, "--json").error_code == "usage"
    answer = StringIO("n\n")
    answer.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", answer)
    assert cli("gallery", "restore", copy).code == 1
    assert names(cli) == ["Grace"]


def test_not_a_backup(cli: Cli, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n" * 100)
    for file in ("notes.txt", "missing.db"):
        done = cli("gallery", "restore", tmp_path / file, "--yes", "--json")
        assert (done.code, done.error_code) == (5, "gallery")
    assert names(cli) == ["Ada"]


def test_no_gallery_is_made_for_a_backup(cli: Cli, own_gallery: Path, tmp_path: Path) -> None:
    assert cli("gallery", "backup", tmp_path / "copy.db").code == 5
    assert not own_gallery.exists()


def test_removing_somebody_names_the_copies_that_may_hold_them(
    cli: Cli, filled: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    cli("gallery", "backup", copy)
    done = cli("gallery", "remove", "Ada", "--yes", "--json")
    assert done.code == 0
    assert [(each["path"], each["kind"]) for each in done.document["copies"]] == [(str(copy), "backup")]
    assert cli("gallery", "restore", copy, "--yes").code == 0
    copy.unlink()
    said = cli("gallery", "remove", "Ada", "--yes").out
    assert "may still be in these copies" in said
    assert "(backup of " in said
    assert "(gallery before the restore of " in said
    assert "moved or deleted" in said


def test_salvage(cli: Cli, filled: Path, tmp_path: Path) -> None:
    content = bytearray(filled.read_bytes())
    content[:100] = bytes(100)
    filled.write_bytes(content)
    assert cli("gallery", "list").code == 5
    saved = tmp_path / "saved.db"
    done = cli("gallery", "salvage", saved)
    assert done.code == 0
    assert done.out.startswith(f"1 person with 1 sample saved in {saved}\nnothing is known to be lost\n")
    assert cli("gallery", "salvage", saved, "--json").error_code == "usage"
    document = cli("gallery", "salvage", saved, "--force", "--json").document
    assert (document["people"], document["samples"], document["lost"]) == (1, 1, [])
    assert cli("gallery", "restore", saved, "--yes").code == 0
    assert names(cli) == ["Ada"]


def test_salvage_says_whose_samples_are_lost(cli: Cli, filled: Path, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE samples SET embedding = x'00'")
        connection.commit()
    done = cli("gallery", "salvage", tmp_path / "saved.db")
    assert "  Ada: 1 sample cannot be read\n" in done.out
    (tmp_path / "noise.db").write_bytes(b"x" * 10_000)
    done = cli("gallery", "salvage", tmp_path / "other.db", "--gallery", tmp_path / "noise.db", "--json")
    assert (done.code, done.error_code) == (5, "gallery")
