"""``check()`` finds what was done to a file behind the store's back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, unit

from facenet_app.domain import Finding
from facenet_app.errors import GalleryError
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def filled(store: GalleryStore) -> list[str]:
    """A person with three samples and one with one; the ids of the samples."""
    _, first = store.add("Anna", [draft(1), draft(2), draft(3)])
    _, second = store.add("Bea", [draft(4)])
    return [sample.id for sample in (*first, *second)]


@pytest.fixture
def tamper(path: Path) -> Callable[..., None]:
    def run(sql: str, *values: object) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql, values)
            connection.commit()

    return run


def fit_for_people(finding: Finding) -> bool:
    text = finding.message + finding.suggestion
    return bool(finding.message and finding.suggestion) and "Anna" not in text and "Bea" not in text


def test_nothing_is_wrong_with_a_gallery_that_only_the_store_wrote(store: GalleryStore) -> None:
    assert store.check() == []
    store.add("Anna", [draft(1)])
    store.rename("Anna", "Bea")
    assert store.check() == []


NOT_FINITE = np.array([np.inf, *unit(1)[1:]], "<f4").tobytes()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("embedding", unit(1).tobytes()[:-4], "damaged_embedding"),
        ("embedding", unit(1).tobytes()[:-1], "damaged_embedding"),
        ("embedding", b"", "damaged_embedding"),
        ("embedding", NOT_FINITE, "not_finite"),
        ("embedding", (1.01 * unit(1)).astype("<f4").tobytes(), "not_unit"),
        ("embedding", np.full(16, 3e38, "<f4").tobytes(), "not_unit"),
        ("embedding", bytes(64), "not_unit"),
        ("fingerprint", "net-z:1", "other_model"),
        ("embedding", "x" * 64, "damaged_embedding"),
    ],
)
def test_a_faulty_sample_is_found_by_its_id(
    store: GalleryStore, filled: list[str], tamper: Callable[..., None], column: str, value: object, code: str
) -> None:
    tamper(f"UPDATE samples SET {column} = ? WHERE id = ?", value, filled[1])
    (finding,) = store.check()
    assert (finding.code, finding.sample_ids) == (code, (filled[1],))
    assert fit_for_people(finding)


OF_SAMPLE = "sample_number = (SELECT number FROM samples WHERE id = ?)"


@pytest.mark.parametrize("value", [b"", "text", b"\x89PNG\r\n\x1a\nnothing"])
def test_a_faulty_crop_is_found_by_its_sample(
    store: GalleryStore, filled: list[str], tamper: Callable[..., None], value: object
) -> None:
    tamper(f"UPDATE crops SET crop = ? WHERE {OF_SAMPLE}", value, filled[1])
    (finding,) = store.check()
    assert (finding.code, finding.sample_ids) == ("damaged_crop", (filled[1],))
    assert fit_for_people(finding)


def test_a_crop_that_is_gone(store: GalleryStore, filled: list[str], tamper: Callable[..., None]) -> None:
    tamper(f"DELETE FROM crops WHERE {OF_SAMPLE}", filled[1])
    (finding,) = store.check()
    assert (finding.code, finding.sample_ids) == ("no_crop", (filled[1],))
    assert fit_for_people(finding)


def test_an_embedding_of_another_dimension_than_the_others(
    store: GalleryStore, filled: list[str], tamper: Callable[..., None]
) -> None:
    tamper("UPDATE samples SET embedding = ?, dimension = 8 WHERE id = ?", unit(1, 8).tobytes(), filled[0])
    (finding,) = store.check()
    assert (finding.code, finding.sample_ids) == ("damaged_embedding", (filled[0],))


@pytest.mark.parametrize("value", [b"", NOT_FINITE, unit(1, 8).tobytes(), bytes(64), "x" * 64])
def test_searching_does_not_work_around_a_faulty_embedding(
    store: GalleryStore, filled: list[str], tamper: Callable[..., None], value: object
) -> None:
    tamper("UPDATE samples SET embedding = ? WHERE id = ?", value, filled[1])
    with pytest.raises(GalleryError, match="gallery check"):
        store.index()


def test_a_sample_of_another_model_is_never_found(
    store: GalleryStore, filled: list[str], tamper: Callable[..., None]
) -> None:
    tamper("UPDATE samples SET fingerprint = 'net-z:1' WHERE id = ?", filled[3])
    assert [c.name for c in store.index().search(draft(4).embedding, 9)] == ["Anna"]


def test_people_without_samples(store: GalleryStore, filled: list[str], tamper: Callable[..., None]) -> None:
    tamper(f"DELETE FROM crops WHERE {OF_SAMPLE}", filled[3])
    tamper("DELETE FROM samples WHERE id = ?", filled[3])
    (finding,) = store.check()
    assert finding.code == "no_samples"
    assert finding.message.startswith("1 people")
    assert fit_for_people(finding)
    assert store.get("Bea").samples == 0
    assert store.index().people == 1


def test_samples_that_belong_to_nobody(
    store: GalleryStore, filled: list[str], tamper: Callable[..., None]
) -> None:
    tamper("DELETE FROM identities WHERE name = 'Bea'")
    (finding,) = store.check()
    assert finding.code == "broken_reference"
    assert fit_for_people(finding)


def test_a_damaged_file(path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        for seed in range(30):
            store.add(f"P {seed}", [draft(seed)])
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_samples_identity_id'"
        ).fetchone()
        size = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    start = (page[0] - 1) * size[0]
    content[start + 8 : start + size[0]] = bytes(size[0] - 8)
    path.write_bytes(content)
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        findings = store.check()
        assert "damaged_file" in [finding.code for finding in findings]
        assert all(
            "backup copy" in finding.suggestion for finding in findings if finding.code == "damaged_file"
        )


def test_a_file_that_others_can_open(store: GalleryStore, path: Path) -> None:
    path.chmod(0o644)
    (finding,) = store.check()
    assert finding.code == "open_to_others"
    path.chmod(0o600)
    assert store.check() == []
