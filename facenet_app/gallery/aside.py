"""Files of a gallery that appear whole or not at all, with what SQLite keeps beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from facenet_app import aside as plain
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
        plain.make_private_folder(target.parent)
        with plain.written_aside(target, overwrite=overwrite) as file:
            try:
                yield file
            finally:
                _remove_beside(file)
    except FileExistsError as error:
        raise _there_already(target) from error
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise GalleryError(f"{target} cannot be written ({reason})", "choose another place") from error


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``, for its owner only; at the end it is removed if it is still there."""
    with plain.file_beside(target) as file:
        try:
            yield file
        finally:
            _remove_beside(file)


def remove_database(path: Path) -> None:
    """Remove a file and what SQLite keeps beside it, as far as they are there."""
    path.unlink(missing_ok=True)
    _remove_beside(path)


def _remove_beside(path: Path) -> None:
    for suffix in _SQLITE_FILES[1:]:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _there_already(target: Path) -> UsageError:
    return UsageError(f"{target} is there already", "choose another name, or add --force to overwrite it")
