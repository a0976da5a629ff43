"""An encrypted gallery of three people: its keys, all that is in it, and what must not show."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drafts import FINGERPRINT, MODEL, draft, embedding

from facenet_app.domain import Consent
from facenet_app.gallery.keys import GalleryKeys, ScryptCost
from facenet_app.gallery.rows import png_from_crop
from facenet_app.gallery.store import GalleryStore

CHEAP = ScryptCost(2**4)
WORDS = GalleryKeys(passphrase="correct horse battery")
OTHER_WORDS = GalleryKeys(passphrase="incorrect horse battery")
END = datetime.now(UTC) + timedelta(days=9)


def opened(path: Path, keys: GalleryKeys | None = None) -> GalleryStore:
    store = GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT)
    return store if keys is None else store.unlock(keys)


def fill(store: GalleryStore) -> None:
    store.add("Anna-Maria", [draft(1), draft(2)], Consent("signed-form-12", END))
    store.add("Bertha", [draft(3)])
    store.add("Zoë", [draft(4)])


def raw(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def everything(store: GalleryStore) -> list[object]:
    """All that can be read of a gallery."""
    found: list[object] = [store.index().search(embedding(seed), 9) for seed in range(6)]
    for person in store.identities():
        found.append(person)
        for sample in store.samples(person.id):
            pixels = None if sample.crop is None else sample.crop.pixels.tobytes()
            vector = sample.embedding.vector.tobytes()
            found.append(
                (sample.id, vector, pixels, sample.content_sha256, sample.quality, sample.enrolled_at)
            )
    return found


SECRETS = [
    b"Anna-Maria",
    b"anna-maria",
    b"Bertha",
    b"bertha",
    "Zoë".encode(),
    b"signed-form",
    *(draft(seed).content_sha256.encode() for seed in (1, 2, 3, 4)),
    *(piece for seed in (1, 2, 3, 4) for piece in [draft(seed).embedding.vector.tobytes()[:24]]),
]


def pictures() -> list[bytes]:
    pngs = [png_from_crop(crop) for seed in (1, 2, 3, 4) if (crop := draft(seed).crop) is not None]
    return [png[start : start + 24] for png in pngs for start in (png.index(b"IDAT") + 20, len(png) // 2)]
