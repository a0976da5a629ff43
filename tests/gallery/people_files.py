"""Galleries in files, made once and copied, and all that is in one."""

import shutil
from datetime import datetime
from pathlib import Path

from drafts import FINGERPRINT, MODEL, draft

from facenet_app.domain import OperatingPoint, Quality, Rate, SampleDraft
from facenet_app.gallery.store import GalleryStore

PEOPLE = 30
POINT = OperatingPoint(1.1, FINGERPRINT, 1e-3, Rate(1, 1000, 0.0, 0.01), Rate(2, 10, 0.0, 0.6), "made up")

State = list[tuple[str, str, datetime, list[tuple[str, bytes, str, datetime]]]]


def make_gallery(path: Path) -> Path:
    """Thirty people with two samples each, closed."""
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add_people(
            [(f"Person {seed:02d}", [draft(2 * seed), draft(2 * seed + 1)]) for seed in range(PEOPLE)]
        )
    return path


def with_somebody_odd(path: Path) -> Path:
    """One more in that gallery, without a crop and with every measure of quality; and points."""
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        odd = Quality(41.123456789, 1 / 3, ("blurred", "small"), 0.1, 1e-17, 0.3)
        plain = draft(500, keep_crop=False)
        store.add("Åsa Ünïcode 名前", [SampleDraft(plain.embedding, None, odd, plain.content_sha256)])
        store.set_operating_points([POINT])
    return path


def copied(master: Path, folder: Path) -> Path:
    folder.mkdir()
    copy = folder / "gallery.db"
    shutil.copyfile(master, copy)
    copy.chmod(0o600)
    return copy


def state(path: Path) -> State:
    """Everybody with every sample, bit for bit."""
    with GalleryStore.open(path, model=MODEL, fingerprint=None) as store:
        return [
            (
                who.id,
                who.name,
                who.enrolled_at,
                [
                    (each.id, each.embedding.vector.tobytes(), each.content_sha256, each.enrolled_at)
                    for each in store.samples(who.id)
                ],
            )
            for who in store.identities()
        ]
