"""``gallery restore``: a backup in the place of the gallery, in one step or not at all."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from facenet_app.aside import make_private_folder, put_in_place
from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.aside import file_beside, remove_database
from facenet_app.gallery.backup import refuse_same_file
from facenet_app.gallery.copies import CopyKind, note_copy
from facenet_app.gallery.faults import gallery_errors
from facenet_app.gallery.verify import Verified, copy_file, verified

__all__ = ["Restored", "restore_gallery"]

PATIENCE: Final = 1.0
"""Seconds to wait for others to close the gallery: who is gone soon need not be complained about."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in the gallery now, and where the one before is."""

    held: Verified
    replaced: Path | None

    def to_dict(self) -> dict[str, Any]:
        return {**self.held.to_dict(), "replaced": str(self.replaced) if self.replaced else None}


def restore_gallery(
    gallery: Path,
    backup: Path,
    *,
    keep: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Restored:
    """Put a backup in the place of the gallery; both may be of an older version of the program.

    A copy of the backup is brought up to date and read wholly beside the gallery before anything is
    touched, and then takes its name in one step.

    Args:
        gallery: the file of the gallery, which may be damaged or missing.
        backup: what :func:`facenet_app.gallery.backup.back_up` wrote, or any gallery file.
        keep: keep the gallery that is replaced in a file beside it.
        progress: called with the number of pages copied, and their number in all.

    Raises:
        UsageError: the backup is the gallery itself, or one of the two is a folder.
        GalleryError: the backup is missing, damaged or no gallery, or another program has the
            gallery open; nothing was changed.
    """
    gallery = gallery.absolute()
    refuse_same_file(gallery, backup)
    for path in (gallery, backup):
        if path.is_dir():
            raise UsageError(f"{path} is a folder", "give a file")
    if not backup.exists():
        raise GalleryError(f"there is no backup at {backup}", "check the path")
    with gallery_errors(gallery):
        make_private_folder(gallery.parent)
    with gallery_errors(gallery), file_beside(gallery) as aside:
        revision = _revision(gallery, keep=keep)
        held = _sound_copy(backup, aside, revision, progress)
        with _nobody_else(gallery) as old:
            replaced = _keep(old, gallery) if keep and gallery.exists() else None
            _swap(old, gallery, aside)
    if replaced is not None:
        note_copy(gallery, replaced, CopyKind.REPLACED)
    return Restored(held, replaced)


def _sound_copy(
    backup: Path, copy: Path, revision: int, progress: Callable[[int, int], None] | None
) -> Verified:
    """Copy the backup; what is in it, if all of it can be read.

    Raises:
        GalleryError: the backup is damaged or no gallery.
    """
    try:
        copy_file(backup, copy, progress, in_use=False)
        held = verified(copy, reload=revision)
    except GalleryError as error:
        message = error.message.replace(str(copy), str(backup))
        raise GalleryError(
            f"the backup {backup} cannot be used ({message}), so nothing was changed",
            "give another backup, or save what can be read of this one with `facenet-app gallery salvage`",
        ) from error
    if held.damaged:
        raise GalleryError(
            f"the backup {backup} is damaged ({held.damaged[0].message}), so nothing was changed",
            "save what can be read of it with `facenet-app gallery salvage`, and restore that",
        )
    return held


def _revision(gallery: Path, *, keep: bool) -> int:
    """How often the gallery was written, as far as that can still be read.

    Raises:
        GalleryError: it is not to be kept, but is not known for a gallery.
    """
    if not gallery.exists():
        return 0
    try:
        with closing(sqlite3.connect(gallery)) as connection:
            return int(connection.execute("SELECT revision FROM gallery").fetchone()[0])
    except (sqlite3.Error, TypeError, ValueError) as error:
        if not keep:
            raise GalleryError(
                f"{gallery} cannot be read, and may be something else than a gallery",
                "leave out --discard, so that it is kept beside the new one",
            ) from error
        return 0


@contextmanager
def _nobody_else(gallery: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that no other can be beside; None for a file that is missing or cannot be opened.

    Raises:
        GalleryError: another program has the gallery open.
    """
    if not gallery.exists():
        yield None
        return
    connection = sqlite3.connect(gallery, timeout=PATIENCE, isolation_level=None)
    with closing(connection):
        try:
            # Leaving the write-ahead log is possible for the last one who has the file open, only.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")  # the lock stays
            (mode,) = connection.execute("PRAGMA journal_mode = MEMORY").fetchone()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise _in_use(gallery) from error
            mode = None
        if mode == "wal":  # somebody came in between
            raise _in_use(gallery)
        yield None if mode is None else connection


def _in_use(gallery: Path) -> GalleryError:
    return GalleryError(
        f"another program has the gallery {gallery} open, so nothing was changed",
        "stop the page and every other program that uses it, and try again",
    )


def _keep(old: sqlite3.Connection | None, gallery: Path) -> Path:
    """Have the gallery under another name as well; a damaged one as it is, with its log."""
    kept = gallery.with_name(f"{gallery.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z")
    if old is None:
        log = gallery.with_name(f"{gallery.name}-wal")
        if log.exists():  # first, because it would be taken for one of the new gallery
            log.rename(kept.with_name(f"{kept.name}-wal"))
        kept.hardlink_to(gallery)
        return kept
    kept.touch(mode=0o600, exist_ok=False)
    try:
        with closing(sqlite3.connect(kept)) as copy:
            old.backup(copy)
    except sqlite3.Error:
        remove_database(kept)
        raise
    return kept


def _swap(old: sqlite3.Connection | None, gallery: Path, new: Path) -> None:
    """Give the new file the name of the gallery."""
    for suffix in ("-wal", "-shm", "-journal"):  # of the old one, which nobody has open
        gallery.with_name(gallery.name + suffix).unlink(missing_ok=True)
    put_in_place(new, gallery)  # for good: what follows ends the old file
    if old is not None:
        # A program that opened the old file just now waits for the lock. It must not write there what
        # nobody would see again, so that it is told: this is no gallery.
        with suppress(sqlite3.Error):  # then there is nothing to write into
            old.execute("DROP TABLE gallery")
