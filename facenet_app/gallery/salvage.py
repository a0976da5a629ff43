"""``gallery salvage``: what can be read of a damaged gallery, checked value by value, in a new one.

No row is believed: one is saved only if every value of it can be what it claims to be, and nothing
else in the file says otherwise. A sample whose owner cannot be read is lost, not given to somebody.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import update

from facenet_app.errors import GalleryError
from facenet_app.gallery.arrivals import merge_in
from facenet_app.gallery.aside import written_aside
from facenet_app.gallery.backup import refuse_same_file
from facenet_app.gallery.damaged_opening import opened_damaged
from facenet_app.gallery.incoming import Incoming
from facenet_app.gallery.keys import GalleryKeys
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.salvage_header import SalvageHeader, cipher_of_header, read_header
from facenet_app.gallery.salvage_people import Loss, SalvagePeople
from facenet_app.gallery.schema import gallery
from facenet_app.gallery.sqlite_database import SqliteDatabase
from facenet_app.gallery.verify import verified

__all__ = ["Loss", "Salvaged", "salvage"]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved, and what is known to be lost; of a torn file more can be lost than is known."""

    model: str
    people: int
    samples: int
    losses: tuple[Loss, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "people": self.people,
            "samples": self.samples,
            "lost": [loss.to_dict() for loss in self.losses],
        }


def salvage(
    damaged: Path, target: Path, *, overwrite: bool = False, keys: GalleryKeys | None = None
) -> Salvaged:
    """Save what can be read of a damaged gallery file into a new gallery. The file stays as it is.

    Args:
        damaged: the file; its write-ahead log counts, if there is one.
        target: the new gallery, for its owner only.
        overwrite: replace a file that is there.
        keys: of an encrypted gallery; the new one has the same.

    Raises:
        UsageError: the target is there already, or is the damaged file.
        WrongKey: it is encrypted, and the key is missing or another one.
        GalleryError: nobody can be read, or the target cannot be written.
    """
    refuse_same_file(damaged, target)
    with written_aside(target, overwrite=overwrite) as aside, opened_damaged(damaged, aside) as file:
        header = read_header(file)
        found = SalvagePeople(file, header, cipher_of_header(header, keys or GalleryKeys()))
        incoming = found.incoming()
        if not incoming.people:
            raise GalleryError(
                f"nobody can be read of {damaged}", "restore a backup with `facenet-app gallery restore`"
            )
        _store(aside, incoming, header, keys)
        held = verified(aside)
    return Salvaged(held.model, held.people, held.samples, found.losses())


def _store(path: Path, incoming: Incoming, header: SalvageHeader, keys: GalleryKeys | None) -> None:
    """Make the new gallery; an encrypted one is so before anybody comes into it."""
    database = SqliteDatabase.open(path, model=incoming.model, fingerprint=incoming.fingerprint)
    try:
        if header.encryption is not None and keys is not None:
            database.use_keys(keys)
            sealed = update(gallery).values(encryption=header.encryption)
            database.write(lambda connection: connection.execute(sealed))
        merge_in(database, incoming, OnConflict.SKIP)
    finally:
        database.close()
