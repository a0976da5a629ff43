"""Enrolling, finding, renaming, merging: what the store promises one caller."""

import gc
import hashlib
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, contents, draft, embedding
from PIL import Image
from sqlalchemy import event

from facenet_app.domain import Embedding, FaceCrop, Place, Quality, SampleDraft
from facenet_app.errors import (
    DuplicateSample,
    FacenetAppError,
    GalleryError,
    IdentityNotFound,
    InvalidName,
    ModelMismatch,
    UsageError,
)
from facenet_app.gallery.store import GalleryStore


def test_a_new_gallery_is_empty_and_for_the_owner_only(path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert store.identities() == []
        assert (store.path, store.model, store.fingerprint) == (path, MODEL, FINGERPRINT)
        store.add("Anna", [draft(1)])
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == ["gallery.db", "gallery.db-shm", "gallery.db-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_gallery_that_nobody_holds_any_more_is_closed(place: Place) -> None:
    store = GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT)
    store.add("Anna", [draft(1)])
    closed: list[object] = []
    event.listen(store._database._engine, "close", lambda connection, _: closed.append(connection))
    del store
    gc.collect()
    assert closed


def test_what_was_added_comes_back_after_reopening(place: Place) -> None:
    before = datetime.now(UTC)
    drafts = [draft(1), draft(2, keep_crop=False)]
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        identity, added = store.add("  Grace   Hopper ", drafts)
    assert (identity.name, identity.samples) == ("Grace Hopper", 2)
    assert before <= identity.enrolled_at <= datetime.now(UTC)
    assert identity.enrolled_at.utcoffset() == timedelta(0)
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert store.identities() == [identity]
        read = store.samples(identity.id)
        assert [sample.to_dict() for sample in read] == [sample.to_dict() for sample in added]
        for sample, given in zip(read, drafts, strict=True):
            np.testing.assert_array_equal(sample.embedding.vector, given.embedding.vector, strict=True)
            assert sample.embedding.fingerprint == FINGERPRINT
            assert sample.quality == given.quality
        assert read[0].crop is not None
        assert drafts[0].crop is not None
        np.testing.assert_array_equal(read[0].crop.pixels, drafts[0].crop.pixels, strict=True)
        assert read[0].crop.alignment == drafts[0].crop.alignment
        assert read[1].crop is None


def test_crops_of_real_faces_come_back_pixel_for_pixel(
    store: GalleryStore, astronaut: Path, hopper: Path
) -> None:
    for number, file in enumerate((astronaut, hopper)):
        with Image.open(file) as picture:
            pixels = np.array(picture.convert("RGB").resize((112, 112)))
        quality = Quality(31.25, 0.1, ("blurred", "small"))
        given = SampleDraft(embedding(number), FaceCrop(pixels, "sface-112"), quality, f"{number:064d}")
        _, (sample,) = store.add(file.stem, [given])
        read = store.sample(sample.id)
        assert read.crop is not None
        np.testing.assert_array_equal(read.crop.pixels, pixels, strict=True)
        assert (read.crop.alignment, read.quality) == ("sface-112", quality)


def test_samples_of_a_person_stay_in_the_order_of_enrollment(store: GalleryStore) -> None:
    store.add("Anna", [draft(seed) for seed in (5, 3, 9)])
    store.add("Bea", [draft(4)])
    identity, _ = store.add("Anna", [draft(seed) for seed in (1, 7)])
    expected = [draft(seed).content_sha256 for seed in (5, 3, 9, 1, 7)]
    assert [sample.content_sha256 for sample in store.samples(identity.id)] == expected


def test_names_that_differ_in_case_or_spaces_are_one_person(store: GalleryStore) -> None:
    first, _ = store.add("Jose\u0301 Díaz", [draft(1)])
    second, _ = store.add("JOSÉ  DÍAZ", [draft(2)])
    assert (second.id, second.name, second.samples) == (first.id, "José Díaz", 2)
    assert store.find(" josé díaz") == second
    assert store.get("José Díaz") == second
    assert store.find("Jose Díaz") is None


def test_identities_are_in_order_of_name_whatever_the_case(store: GalleryStore) -> None:
    for seed, name in enumerate(["bob", "Carl", "Anna", "ben"]):
        store.add(name, [draft(seed)])
    assert [who.name for who in store.identities()] == ["Anna", "ben", "bob", "Carl"]


def test_owner_of_a_picture(store: GalleryStore) -> None:
    store.add("Anna", [draft(1), draft(2)])
    digests = [draft(seed).content_sha256 for seed in (2, 3)]
    assert store.owners_of(digests) == {digests[0]: "Anna"}


@pytest.mark.parametrize("name", ["Nobody", "", "../etc", "a\ud800", "x" * 5000])
def test_a_name_that_nobody_has_is_not_found(store: GalleryStore, name: str) -> None:
    assert store.find(name) is None
    with pytest.raises(IdentityNotFound, match="gallery list"):
        store.get(name)


def test_not_found_suggests_names_spelled_alike(store: GalleryStore) -> None:
    store.add("Katherine Johnson", [draft(1)])
    store.add("Dorothy Vaughan", [draft(2)])
    with pytest.raises(IdentityNotFound) as caught:
        store.get("catherine jonson")
    assert "'catherine jonson'" in caught.value.message
    assert "'Katherine Johnson'" in caught.value.hint
    assert "Dorothy" not in str(caught.value)


def test_an_unknown_sample_is_an_error_and_an_unknown_identity_has_none(store: GalleryStore) -> None:
    assert store.samples("0" * 32) == []
    with pytest.raises(GalleryError, match="no sample"):
        store.sample("0" * 32)


def not_unit(factor: float) -> SampleDraft:
    given = draft(50)
    return SampleDraft(
        Embedding(given.embedding.vector * np.float32(factor), FINGERPRINT), None, given.quality, "f" * 64
    )


@pytest.mark.parametrize(
    ("name", "drafts", "error"),
    [
        ("a/b", [draft(50)], InvalidName),
        ("Carl", [], UsageError),
        ("Carl", [draft(50), draft(1)], DuplicateSample),
        ("Anna", [draft(50), draft(1)], DuplicateSample),
        ("Carl", [draft(50), draft(51), draft(50)], DuplicateSample),
        ("Carl", [draft(50), draft(51, fingerprint="net-b:1")], ModelMismatch),
        ("Carl", [draft(51), not_unit(1.01)], GalleryError),
        ("Carl", [draft(51), not_unit(0)], GalleryError),
        ("Carl", [draft(51), not_unit(float("nan"))], GalleryError),
    ],
)
def test_an_add_that_fails_leaves_nothing_behind(
    store: GalleryStore, name: str, drafts: list[SampleDraft], error: type[FacenetAppError]
) -> None:
    store.add("Anna", [draft(1), draft(2)])
    before = (contents(store), store.revision())
    with pytest.raises(error) as caught:
        store.add(name, drafts)
    assert caught.value.hint
    assert (contents(store), store.revision()) == before
    store.add(name if error is not InvalidName else "Carl", [draft(60)])


def test_every_write_raises_the_revision_by_one(store: GalleryStore) -> None:
    start = store.revision()
    store.add("Anna", [draft(1), draft(2)])
    assert store.revision() == start + 1
    store.rename("Anna", "Bea")
    assert store.revision() == start + 2
    store.remove("Bea")
    assert store.revision() == start + 3


def test_the_index_is_kept_until_anybody_writes(store: GalleryStore, path: Path) -> None:
    store.add("Anna", [draft(1)])
    first = store.index()
    assert store.index() is first
    store.add("Bea", [draft(2)])
    assert store.index() is not first


def test_the_index_has_what_anybody_wrote(store: GalleryStore, place: Place) -> None:
    store.add("Anna", [draft(1)])
    assert store.index().people == 1
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as other:
        other.add("Bea", [draft(2), draft(3)])
        other.rename("Anna", "Ann")
    index = store.index()
    assert (index.people, index.samples) == (2, 3)
    (found,) = store.index().search(embedding(1), 1)
    assert (found.name, found.distance) == ("Ann", 0.0)
    assert store.samples(found.identity_id)[0].id == found.sample_id


def test_a_closed_gallery_cannot_be_used(place: Place) -> None:
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1)])
    for use in (store.identities, store.revision, store.index, lambda: store.add("Bea", [draft(2)])):
        with pytest.raises(GalleryError, match="closed"):
            use()


def test_digest_of_the_drafts_is_what_is_stored(store: GalleryStore) -> None:
    _, (sample,) = store.add("Anna", [draft(3)])
    assert sample.content_sha256 == hashlib.sha256(b"3").hexdigest()
