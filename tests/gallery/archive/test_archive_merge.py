"""Importing into a gallery where somebody is already: merging by rule, and with another model."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import bring_in, content, members_of, opened, read, with_lines, write
from drafts import FINGERPRINT, MODEL, draft, embed_differently
from people_files import copied

from facenet_app.errors import GalleryError, ModelMismatch
from facenet_app.gallery.archive_format import PEOPLE
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.arrivals import embedded_anew, would_merge
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.store import GalleryStore


def test_into_a_gallery_with_others(other: GalleryStore, archive: Path) -> None:
    other.add("Somebody", [draft(900)])
    revision = other.revision()
    bring_in(other, archive)
    assert other.revision() == revision + 1
    assert len(other.identities()) == 32
    assert other.index().samples == 62
    assert content(other)[-1]["name"] == "Åsa Ünïcode 名前"


def test_importing_twice_skips_everybody(store: GalleryStore, archive: Path) -> None:
    bring_in(store, archive)
    before = content(store)
    for rule in (OnConflict.SKIP, OnConflict.KEEP_BOTH):  # to keep both there must be a difference
        plan = bring_in(store, archive, rule)
        assert plan.counts()["skipped"] == 31
        assert content(store) == before
    plan = bring_in(store, archive, OnConflict.REPLACE)
    assert plan.counts()["replaced"] == 31
    assert content(store) == before


@pytest.fixture
def two(other: GalleryStore, empty_file: Path, tmp_path: Path) -> Path:
    """An archive with two Annas' worth of pictures, for a gallery that has another Anna."""
    with opened(copied(empty_file, tmp_path / "two")) as store:
        store.add("Anna", [draft(1), draft(2)])
        store.add("Bea", [draft(3)])
        store.export(tmp_path / "two.zip")
    other.add("ANNA", [draft(10)])
    return tmp_path / "two.zip"


def people(store: GalleryStore) -> list[tuple[str, int]]:
    return [(who.name, who.samples) for who in store.identities()]


def test_skip(other: GalleryStore, two: Path) -> None:
    plan = bring_in(other, two)
    assert [step.to_dict() for step in plan.steps if step.came_as == "Anna"] == [
        {"name": "Anna", "action": "skip", "stored_as": None, "samples": 0, "duplicates": 0}
    ]
    assert people(other) == [("ANNA", 1), ("Bea", 1)]


def test_replace_leaves_no_byte_of_who_was_there(other: GalleryStore, two: Path) -> None:
    (gone,) = other.samples(other.get("Anna").id)
    vector = gone.embedding.vector.tobytes()
    bring_in(other, two, OnConflict.REPLACE)
    assert people(other) == [("Anna", 2), ("Bea", 1)]
    left = b"".join(file.read_bytes() for file in other.path.parent.glob("gallery.db*"))
    assert [
        trace for trace in (gone.id.encode(), gone.content_sha256.encode(), vector) if trace in left
    ] == []
    assert b"ANNA" not in left
    assert other.get("Anna").id.encode() in left


def test_every_rule_on_both_databases(store: GalleryStore, archive: Path, tmp_path: Path) -> None:
    """What a person is replaced by is found, and so is everybody else."""
    store.add("PERSON 03", [draft(2000)])
    store.add("Somebody", [draft(2001)])
    assert bring_in(store, archive).counts()["skipped"] == 1
    assert bring_in(store, archive, OnConflict.KEEP_BOTH).counts()["kept_both"] == 1
    assert bring_in(store, archive, OnConflict.REPLACE).counts()["replaced"] == 31
    found = [store.index().search(draft(seed).embedding, 1)[0].name for seed in (6, 2001)]
    assert found == ["Person 03", "Somebody"]
    assert {finding.code for finding in store.check()} <= {"no_crop"}
    store.export(tmp_path / "again.zip")
    assert len(read(tmp_path / "again.zip").people) == 32


def test_keep_both(other: GalleryStore, two: Path) -> None:
    other.add("Anna (2)", [draft(11)])
    plan = bring_in(other, two, OnConflict.KEEP_BOTH)
    assert people(other) == [("ANNA", 1), ("Anna (2)", 1), ("Anna (3)", 2), ("Bea", 1)]
    assert plan.counts()["kept_both"] == 1


def test_a_picture_that_somebody_else_has_is_left_out(other: GalleryStore, two: Path) -> None:
    other.add("Carla", [draft(2)])
    plan = bring_in(other, two, OnConflict.KEEP_BOTH)
    assert people(other) == [("ANNA", 1), ("Anna (2)", 1), ("Bea", 1), ("Carla", 1)]
    assert plan.counts()["duplicates"] == 1


def test_who_would_be_replaced_by_nothing_stays(other: GalleryStore, two: Path) -> None:
    other.add("Carla", [draft(1), draft(2)])
    plan = bring_in(other, two, OnConflict.REPLACE)
    assert people(other) == [("ANNA", 1), ("Bea", 1), ("Carla", 2)]
    assert plan.counts()["duplicates"] == 2
    assert plan.counts()["replaced"] == 0


def test_a_person_renamed_since_is_the_same_by_id(other: GalleryStore, archive: Path) -> None:
    bring_in(other, archive)
    other.rename("Person 03", "Married Name")
    assert bring_in(other, archive).counts()["skipped"] == 31
    assert other.find("Person 03") is None
    bring_in(other, archive, OnConflict.REPLACE)
    assert other.find("Married Name") is None
    assert other.get("Person 03").samples == 2


@pytest.mark.parametrize("rule", OnConflict)
def test_a_dry_run_says_what_happens_and_changes_nothing(
    other: GalleryStore, two: Path, rule: OnConflict
) -> None:
    before, revision = content(other), other.revision()
    told = other.would_merge(read(two), rule)
    assert (content(other), other.revision()) == (before, revision)
    assert [step.to_dict() for step in told.steps] == [
        step.to_dict() for step in bring_in(other, two, rule).steps
    ]


def test_for_a_gallery_that_is_not_there_yet(archive: Path) -> None:
    assert would_merge(None, read(archive), OnConflict.SKIP).counts()["added"] == 31


def test_another_model_is_refused_with_the_way_out(archive: Path, tmp_path: Path) -> None:
    with GalleryStore.open(tmp_path / "b" / "gallery.db", model="net-b", fingerprint="net-b:7") as store:
        store.add("Anna", [draft(1, fingerprint="net-b:7")])
        for attempt in (store.would_merge, store.merge_in):
            with pytest.raises(ModelMismatch, match="--reembed"):
                attempt(read(archive), OnConflict.SKIP)
        assert people(store) == [("Anna", 1)]


def test_an_empty_gallery_takes_the_model_of_the_archive(archive: Path, tmp_path: Path) -> None:
    with GalleryStore.open(tmp_path / "b" / "gallery.db", model="net-b", fingerprint="net-b:7") as store:
        bring_in(store, archive)
        assert (store.model, store.fingerprint) == (MODEL, FINGERPRINT)


def test_embedded_anew_from_the_crops(two: Path, tmp_path: Path) -> None:
    with (
        StoredZip(two) as file,
        GalleryStore.open(tmp_path / "b" / "gallery.db", model="net-b", fingerprint="net-b:7") as store,
    ):
        seen = []
        incoming = embedded_anew(
            read_archive(file), "net-b", "net-b:7", embed_differently, lambda *done: seen.append(done)
        )
        store.merge_in(incoming, OnConflict.SKIP)
        (anna, _) = store.identities()
        for sample in store.samples(anna.id):
            assert sample.crop is not None
            assert np.array_equal(sample.embedding.vector, embed_differently([sample.crop])[0])
        assert seen == [(3, 3)]
        assert store.check() == []


def test_without_crops_nothing_can_be_embedded_anew(archive: Path) -> None:
    with StoredZip(archive) as file, pytest.raises(GalleryError, match="1 of 61 samples have no crop"):
        embedded_anew(read_archive(file), "net-b", "net-b:7", embed_differently)


def test_consent_and_its_end_come_along(two: Path, other: GalleryStore, tmp_path: Path) -> None:
    end = datetime(2031, 1, 2, 3, 4, 5, 678901, UTC)

    def agree(lines: list[Any]) -> None:
        for line in lines:
            line.update(consent="form 12", expires_at=end.isoformat())

    changed = write(tmp_path / "consent.zip", with_lines(members_of(two), PEOPLE, agree))
    bring_in(other, changed, OnConflict.REPLACE)
    other.export(tmp_path / "again.zip")
    assert {(each.consent, each.expires_at) for each in read(tmp_path / "again.zip").people} == {
        ("form 12", end)
    }
