"""Export and import: there and back without a bit of difference, and merging by rule."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import members_of, read, with_lines, write
from drafts import FINGERPRINT, MODEL, draft, embed_differently
from people_files import copied, make_gallery

from facenet_app.domain import OperatingPoint, Quality, Rate, SampleDraft
from facenet_app.errors import ArchiveRefused, GalleryError, ModelMismatch, UsageError
from facenet_app.gallery import arrivals
from facenet_app.gallery.archive_format import SAMPLES
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.arrivals import embedded_anew, would_merge
from facenet_app.gallery.copies import CopyKind, copies_of
from facenet_app.gallery.merge import MergePlan, OnConflict
from facenet_app.gallery.store import GalleryStore

POINT = OperatingPoint(1.1, FINGERPRINT, 1e-3, Rate(1, 1000, 0.0, 0.01), Rate(2, 10, 0.0, 0.6), "made up")


def opened(path: Path, fingerprint: str | None = FINGERPRINT) -> GalleryStore:
    return GalleryStore.open(path, model=MODEL, fingerprint=fingerprint)


def content(store: GalleryStore) -> list[dict[str, Any]]:
    """Everything about everybody, bit for bit, but the order of people."""
    return [
        {
            **who.to_dict(),
            "all": [
                {
                    **sample.to_dict(),
                    "quality": sample.quality,
                    "vector": sample.embedding.vector.tobytes(),
                    "crop": sample.crop and (sample.crop.pixels.tobytes(), sample.crop.alignment),
                }
                for sample in store.samples(who.id)
            ],
        }
        for who in store.identities()
    ]


def bring_in(store: GalleryStore, archive: Path, rule: OnConflict = OnConflict.SKIP) -> MergePlan:
    with StoredZip(archive) as file:
        return store.merge_in(read_archive(file), rule)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty people; one of them without crops and with every measure of quality; points; consent."""
    path = make_gallery(tmp_path_factory.mktemp("master") / "gallery.db")
    with opened(path) as store:
        odd = Quality(41.123456789, 1 / 3, ("blurred", "small"), 0.1, 1e-17, 0.3)
        plain = draft(500, keep_crop=False)
        store.add("Åsa Ünïcode 名前", [SampleDraft(plain.embedding, None, odd, plain.content_sha256)])
        store.set_operating_points([POINT])
    return path


@pytest.fixture
def source(master: Path, tmp_path: Path) -> Iterator[GalleryStore]:
    with opened(copied(master, tmp_path / "source")) as store:
        yield store


@pytest.fixture(scope="module")
def archive(master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("archive") / "people.zip"
    with opened(master) as store:
        store.export(target)
    return target


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "gallery.db"
    opened(path).close()
    return path


@pytest.fixture
def other(empty: Path, tmp_path: Path) -> Iterator[GalleryStore]:
    with opened(copied(empty, tmp_path / "other")) as store:
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
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(source.path)) as connection:
        connection.execute("UPDATE crops SET crop = x'00' WHERE sample_number = 3")
        connection.commit()
    with pytest.raises(GalleryError, match="is damaged"):
        source.export(tmp_path / "people.zip")
    assert not list(tmp_path.glob("*.zip"))
    assert copies_of(source.path) == ()


def test_into_a_gallery_with_others(source: GalleryStore, other: GalleryStore, archive: Path) -> None:
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
def two(other: GalleryStore, empty: Path, tmp_path: Path) -> Path:
    """An archive with two Annas' worth of pictures, for a gallery that has another Anna."""
    with opened(copied(empty, tmp_path / "two")) as store:
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


def test_consent_and_its_end_come_along(two: Path, other: GalleryStore, tmp_path: Path) -> None:
    from facenet_app.gallery.archive_format import PEOPLE

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


def test_the_names_of_members_are_those_of_the_format(archive: Path) -> None:
    names = members_of(archive)
    assert SAMPLES in names
    assert sum(name.startswith("crops/") for name in names) == 60
    assert len(names) == 65
