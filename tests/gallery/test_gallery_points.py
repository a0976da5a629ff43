"""The operating points that a gallery keeps for itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently

from facenet_app.domain import OperatingPoint, Rate
from facenet_app.errors import GalleryError, ModelMismatch, UsageError
from facenet_app.gallery.store import GalleryStore


def point(threshold: float, fmr: float | None, fingerprint: str = FINGERPRINT) -> OperatingPoint:
    rate = Rate(3, 3000, 0.0002, 0.003)
    return OperatingPoint(
        threshold, fingerprint, fmr, rate, rate, "people", "all pairs", "yunet", "2026-11-21", 30, 120
    )


def test_they_come_back_as_they_went_in_the_strictest_first(path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert store.operating_points() == ()
        before = store.revision()
        store.set_operating_points([point(1.1, 1e-3), point(0.9, 1e-5)])
        assert store.revision() == before + 1
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert store.operating_points() == (point(0.9, 1e-5), point(1.1, 1e-3))
        assert store.check() == []


def test_new_ones_take_the_place_of_all(store: GalleryStore) -> None:
    store.set_operating_points([point(1.1, 1e-3), point(0.9, 1e-5)])
    store.set_operating_points([point(1.0, 1e-3)])
    assert store.operating_points() == (point(1.0, 1e-3),)
    store.set_operating_points([])
    assert store.operating_points() == ()


@pytest.mark.parametrize(
    ("wrong", "error"), [(point(1.1, 1e-4, "net-b:9"), ModelMismatch), (point(1.1, None), UsageError)]
)
def test_all_or_nothing(store: GalleryStore, wrong: OperatingPoint, error: type[Exception]) -> None:
    store.set_operating_points([point(1.1, 1e-3)])
    with pytest.raises(error):
        store.set_operating_points([point(1.0, 1e-3), wrong])
    assert store.operating_points() == (point(1.1, 1e-3),)


def test_another_model_has_its_own(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    store.set_operating_points([point(1.1, 1e-3)])
    store.reembed("net-b", "net-b:9", embed_differently)
    assert store.operating_points() == ()
    store.set_operating_points([point(0.7, 1e-3, "net-b:9")])
    assert [each.threshold for each in store.operating_points()] == [0.7]
    store.reembed(MODEL, FINGERPRINT, embed_differently)
    assert store.operating_points() == (point(1.1, 1e-3),)


@pytest.mark.parametrize(
    "damage", ["'{}'", "'7'", "'no json'", "'[]'", """json_set(measured, '$.threshold', 7)"""]
)
def test_a_damaged_row_is_a_gallery_error(store: GalleryStore, path: Path, damage: str) -> None:
    store.set_operating_points([point(1.1, 1e-3)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE operating_points SET measured = {damage}")
        connection.commit()
    with pytest.raises(GalleryError, match="damaged"):
        store.operating_points()
