"""Galleries in files, made once and copied, and all that is in one."""

import shutil
from datetime import datetime
from pathlib import Path

from drafts import FINGERPRINT, MODEL, draft

from facenet_app.gallery.store import GalleryStore

PEOPLE = 30

State = list[tuple[str, str, datetime, list[tuple[str, bytes, str, datetime]]]]


def make_gallery(path: Path) -> Path:
    """Thirty people with two samples each, closed."""
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        for seed in range(PEOPLE):
            store.add(f"Person {seed:02d}", [draft(2 * seed), draft(2 * seed + 1)])
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
