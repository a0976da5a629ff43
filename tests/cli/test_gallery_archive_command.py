"""``facenet-app gallery export`` and ``import``."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from program import THRESHOLD, Cli

from facenet_app.domain import Embedding, FaceCrop, Quality, SampleDraft
from facenet_app.gallery.store import GalleryStore


def fill(path: Path, *names: str, start: int = 0) -> None:
    """Each with one made-up sample; no network is needed for that."""
    with GalleryStore.open(path, model="net-a", fingerprint="net-a-1") as store:
        for number, name in enumerate(names, start):
            vector = np.zeros(16, np.float32)
            vector[number] = 1
            crop = FaceCrop(np.full((12, 12, 3), number, np.uint8), "five-points-112")
            digest = f"{number:064x}"
            store.add(name, [SampleDraft(Embedding(vector, "net-a-1"), crop, Quality(60, 20), digest)])


@pytest.fixture
def filled(own_gallery: Path) -> Path:
    fill(own_gallery, "Ada", "Grace")
    return own_gallery


@pytest.fixture
def archive(cli: Cli, filled: Path, tmp_path: Path) -> Path:
    done = cli("gallery", "export", tmp_path / "people.zip")
    assert (done.code, done.out) == (0, f"2 people with 2 samples written to {tmp_path / 'people.zip'}\n")
    return tmp_path / "people.zip"


def names(cli: Cli, gallery: Path) -> list[str]:
    document = cli("gallery", "list", "--gallery", gallery, "--json").document
    return [person["name"] for person in document["people"]]


def test_export_says_what_is_in_it(cli: Cli, archive: Path) -> None:
    assert cli("gallery", "export", archive, "--json").error_code == "usage"
    done = cli("gallery", "export", archive, "--force", "--json")
    assert done.document == {
        "file": str(archive),
        "model": "net-a",
        "fingerprint": "net-a-1",
        "people": 2,
        "samples": 2,
        "crops": 2,
        "bytes": archive.stat().st_size,
    }


def test_into_a_gallery_that_is_made_for_it(cli: Cli, archive: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "people.db"
    told = cli("gallery", "import", archive, "--gallery", new, "--dry-run")
    assert sorted(told.out.splitlines()) == ["  Ada: add", "  Grace: add", "2 would be added (2 samples)"]
    assert not new.parent.exists()
    done = cli("gallery", "import", archive, "--gallery", new)
    assert (done.code, done.out) == (0, "2 added (2 samples)\n")
    assert names(cli, new) == ["Ada", "Grace"]
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    noted = cli("gallery", "audit", "--gallery", new).out
    assert noted.count(f"from the file with SHA-256 {sha256}") == 2


def test_rules(cli: Cli, archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    fill(other, "ada", start=7)
    done = cli("gallery", "import", archive, "--gallery", other, "--on-conflict", "keep-both", "--json")
    assert {key: done.document[key] for key in ("added", "kept_both", "skipped", "dry_run")} == {
        "added": 1,
        "kept_both": 1,
        "skipped": 0,
        "dry_run": False,
    }
    assert names(cli, other) == ["ada", "Ada (2)", "Grace"]
    assert cli("gallery", "import", archive, "--gallery", other).out == "2 skipped (0 samples)\n"
    assert cli("gallery", "import", archive, "--on-conflict", "merge", "--json").error_code == "usage"


def test_a_file_that_is_no_archive(cli: Cli, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("not a zip")
    done = cli("gallery", "import", tmp_path / "notes.zip", "--json")
    assert (done.code, done.error_code) == (4, "archive_refused")
    assert cli("gallery", "import", tmp_path / "missing.zip").code == 2


def test_another_model_and_the_way_out(
    cli: Cli, hopper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive's crops are embedded by the model in use, and the face is known by it."""
    assert cli("enroll", "Grace Hopper", hopper).code == 0
    archive = tmp_path / "people.zip"
    assert cli("gallery", "export", archive).code == 0
    monkeypatch.setenv("FACENET_APP_MIRROR", "1")  # other embeddings, so another fingerprint
    other = tmp_path / "other.db"
    monkeypatch.setenv("FACENET_APP_GALLERY", str(other))
    assert cli("gallery", "import", archive, "--reembed").code == 0
    ran = cli("identify", hopper, *THRESHOLD, "--json")
    assert ran.document["faces"][0]["name"] == "Grace Hopper"
    refused = cli("gallery", "import", archive, "--json")
    assert (refused.code, refused.error_code) == (5, "model_mismatch")
    assert "--reembed" in refused.document["error"]["hint"]


def test_out_of_an_encrypted_gallery_and_into_one(
    cli: Cli, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facenet_app.gallery.keys import GalleryKeys, create_key_file

    other, key = tmp_path / "other.db", tmp_path / "gallery.key"
    fill(other, "Lise", start=7)
    create_key_file(key)
    with GalleryStore.open(other, model="net-a", fingerprint=None) as store:
        store.encrypt(GalleryKeys(key))
    assert cli("gallery", "export", tmp_path / "people.zip").code == 0
    assert (
        cli("gallery", "import", tmp_path / "people.zip", "--gallery", other, "--json").error_code
        == "wrong_key"
    )
    monkeypatch.setenv("FACENET_APP_GALLERY_KEY_FILE", str(key))
    assert cli("gallery", "import", tmp_path / "people.zip", "--gallery", other).code == 0
    assert names(cli, other) == ["Ada", "Grace", "Lise"]
    assert b"Grace" not in other.read_bytes()
    refused = cli("gallery", "export", tmp_path / "plain.zip", "--gallery", other)
    assert refused.code == 2
    assert "--decrypted" in refused.err
    assert cli("gallery", "export", tmp_path / "plain.zip", "--gallery", other, "--decrypted").code == 0
    new = tmp_path / "new.db"
    assert cli("gallery", "import", tmp_path / "plain.zip", "--gallery", new).code == 0
    assert names(cli, new) == ["Ada", "Grace", "Lise"]


def test_embeddings_from_a_numpy_file(cli: Cli, own_gallery: Path, tmp_path: Path) -> None:
    vectors = np.eye(128, dtype=np.float32)[:2]
    np.savez(tmp_path / "faces.npz", encodings=vectors, names=["Ada", "Grace"])
    unsaid = cli("gallery", "import", tmp_path / "faces.npz", "--json")
    assert (unsaid.code, unsaid.error_code) == (2, "usage")
    other = cli("gallery", "import", tmp_path / "faces.npz", "--fingerprint", "net-z", "--json")
    assert (other.code, other.error_code) == (5, "model_mismatch")
    done = cli("gallery", "import", tmp_path / "faces.npz", "--model", "sface")
    assert (done.code, done.out) == (0, "2 added (2 samples)\n")
    assert "imported without a picture" in cli("gallery", "show", "Ada").out
    assert cli("gallery", "import", tmp_path / "people.zip", "--names", tmp_path / "x").code == 2
