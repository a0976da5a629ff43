"""``gallery backup``: a copy of the gallery in use, checked before it bears its name."""

from collections.abc import Callable
from pathlib import Path

from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.aside import written_aside
from facenet_app.gallery.copies import CopyKind, note_copy
from facenet_app.gallery.sqlite_database import SqliteDatabase
from facenet_app.gallery.verify import Verified, copy_file, verified

__all__ = ["back_up", "refuse_same_file"]


def back_up(
    gallery: Path,
    target: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Write a copy of a gallery, as it is now, while others go on using it.

    The copy is one file for its owner only. It was opened and read wholly before it got its name;
    ``damaged`` of the result says which samples are as unreadable in it as they are in the gallery.

    Args:
        gallery: the file of the gallery.
        target: where the copy goes.
        overwrite: replace a file that is there.
        progress: called with the number of pages copied, and their number in all.

    Raises:
        UsageError: ``target`` is there already, or is the gallery itself.
        GalleryError: there is no gallery, it is damaged, or the copy cannot be written.
    """
    refuse_same_file(gallery, target)
    SqliteDatabase.open(gallery, model="", fingerprint=None).close()  # says in a sentence if it is none
    with written_aside(target, overwrite=overwrite) as aside:
        copy_file(gallery, aside, progress, in_use=True)
        try:
            copied = verified(aside)
        except GalleryError as error:
            raise GalleryError(
                f"the gallery {gallery} is damaged, so no backup was made ({error.message})",
                "save what can be read with `facenet-app gallery salvage NEW`",
            ) from error
    note_copy(gallery, target, CopyKind.BACKUP)
    return copied


def refuse_same_file(gallery: Path, other: Path) -> None:
    """Do nothing if the other file is not the gallery.

    Raises:
        UsageError: both are one file.
    """
    if other.exists() and gallery.exists() and other.samefile(gallery):
        raise UsageError(f"{other} is the gallery itself", "choose another file")
