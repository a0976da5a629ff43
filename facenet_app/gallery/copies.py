"""Which copies of a gallery were made: a person who is removed may still be in them.

Kept in ``<gallery>.copies.json`` beside the gallery, because a copy cannot be asked whether it exists.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock

from facenet_app.domain import Identity
from facenet_app.errors import GalleryError
from facenet_app.gallery.aside import written_aside

if TYPE_CHECKING:
    from facenet_app.gallery.store import GalleryStore

__all__ = ["CopyKind", "GalleryCopy", "copies_holding", "copies_of", "note_copy"]


class CopyKind(StrEnum):
    """How a copy came to be."""

    BACKUP = "backup"
    ARCHIVE = "archive"
    """By ``gallery export``."""
    REPLACED = "replaced"
    """The gallery before ``gallery restore``."""


@dataclass(frozen=True, slots=True)
class GalleryCopy:
    """A file that held what the gallery did at ``made_at``."""

    path: Path
    kind: CopyKind
    made_at: datetime

    @property
    def there(self) -> bool:
        """Whether the file is still where it was written; if not, it was moved or deleted."""
        return self.path.exists()

    def may_hold(self, enrolled_at: datetime) -> bool:
        """Whether somebody enrolled at that time, or a sample of theirs, can be in it."""
        return enrolled_at <= self.made_at

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "kind": self.kind.value,
            "made_at": self.made_at.isoformat(),
            "there": self.there,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        made_at = datetime.fromisoformat(data["made_at"])
        return cls(Path(data["path"]), CopyKind(data["kind"]), made_at.astimezone(UTC))


def copies_of(gallery: Path) -> tuple[GalleryCopy, ...]:
    """Every copy that was noted, the oldest first; also those that were moved or deleted since.

    Raises:
        GalleryError: the notes cannot be read.
    """
    notes = _notes(gallery)
    try:
        return tuple(GalleryCopy.from_dict(each) for each in json.loads(notes.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(
            f"the list of copies {notes} cannot be read",
            "look for copies of the gallery yourself, then delete the list",
        ) from error


def copies_holding(store: "GalleryStore", person: Identity) -> tuple[GalleryCopy, ...]:
    """The copies that were made when the person, or a sample of theirs, was enrolled already.

    Raises:
        GalleryError: the notes, or the gallery, cannot be read.
    """
    if not isinstance(store.place, Path):  # copies of a server are its administrator's to list
        return ()
    copies = copies_of(store.place)
    if not copies:
        return ()
    # A sample can be older than its owner: it came from somebody whom a merging ended.
    since = min([person.enrolled_at, *(sample.enrolled_at for sample in store.samples(person.id))])
    return tuple(copy for copy in copies if copy.may_hold(since))


def note_copy(gallery: Path, copy: Path, kind: CopyKind) -> GalleryCopy:
    """Note that ``copy`` was made of the gallery just now.

    Raises:
        GalleryError: the notes cannot be read or written.
    """
    noted = GalleryCopy(copy.absolute(), kind, datetime.now(UTC))
    notes = _notes(gallery)
    with FileLock(notes.with_suffix(".lock"), mode=0o600):
        others = [each for each in copies_of(gallery) if each.path != noted.path]
        document = [
            {key: value for key, value in each.to_dict().items() if key != "there"}
            for each in (*others, noted)
        ]
        with written_aside(notes, overwrite=True) as aside:
            aside.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return noted


def _notes(gallery: Path) -> Path:
    # The gallery may be a link: its notes are where its files are.
    real = Path(os.path.realpath(gallery))
    return real.with_name(f"{real.name}.copies.json")
