"""Files that appear whole or not at all, for their owner only."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from facenet_app.errors import GalleryError, UsageError

__all__ = ["file_beside", "remove_database", "written_aside"]

_SQLITE_FILES: Final = ("", "-wal", "-shm", "-journal")


@contextmanager
def written_aside(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """A new file to write, which takes the place of ``target`` at the end of a block without an error.

    It is empty, in the folder of ``target`` (made if missing), and nobody else may read it.

    Raises:
        UsageError: ``target`` is a folder, or a file and ``overwrite`` is False.
        GalleryError: it cannot be written.
    """
    target = target.absolute()
    if target.is_dir():
        raise UsageError(f"{target} is a folder", "give a file")
    if target.exists() and not overwrite:
        raise _there_already(target)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_beside(target) as aside:
            yield aside
            _sync(aside)
            if overwrite:
                aside.replace(target)
            else:
                _publish(aside, target)
            _sync(target.parent)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise GalleryError(f"{target} cannot be written ({reason})", "choose another place") from error


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``, for its owner only; at the end it is removed if it is still there."""
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    aside.touch(mode=0o600, exist_ok=False)
    try:
        yield aside
    finally:
        remove_database(aside)


def remove_database(path: Path) -> None:
    """Remove a file and what SQLite keeps beside it, as far as they are there."""
    for suffix in _SQLITE_FILES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _publish(aside: Path, target: Path) -> None:
    """Give the file its name, unless another one has got it meanwhile."""
    try:
        target.hardlink_to(aside)
    except FileExistsError as error:
        raise _there_already(target) from error
    except OSError:  # not every file system has hard links
        aside.replace(target)


def _there_already(target: Path) -> UsageError:
    return UsageError(f"{target} is there already", "choose another name, or add --force to overwrite it")


def _sync(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, through a power cut."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
