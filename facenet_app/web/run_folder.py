"""The temporary folder of one run of the page: uploads and examples, and nothing left behind."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Final

from filelock import FileLock, Timeout

__all__ = ["UPLOADS", "UPLOADS_KEPT", "remove_parts", "run_folder"]

UPLOADS_KEPT: Final = (600, 3600)
"""Seconds: how often uploads are looked through, and the age at which they are deleted."""

UPLOADS: Final = "uploads"
"""Of the run's folder."""
PREFIX: Final = "facenet-app-"
LOCK: Final = "in-use.lock"


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder that only this user can read, deleted at the end; with it those of runs that were killed.

    A run holds a lock in its folder. The system gives it back when the process ends, however that
    happens; a process id could belong to another process by now, or be of another container.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with FileLock(folder / LOCK), _swept(folder / UPLOADS):
            _remove_leftovers(folder)
            yield folder


@contextmanager
def _swept(uploads: Path) -> Iterator[None]:
    """Until the end of the block, delete what visitors who went away in the middle have sent so far.

    Gradio does that only with whole uploads, each of which it moves into a folder of its own.
    """
    over = threading.Event()

    def sweep() -> None:
        every = UPLOADS_KEPT[0]
        while not over.wait(every):
            remove_parts(uploads, time.time() - every)

    thread = threading.Thread(target=sweep, name="uploads", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def remove_parts(uploads: Path, before: float) -> None:
    """Delete the files of the folder itself that were last written before a time, in seconds since 1970."""
    for path in uploads.glob("*"):
        with suppress(OSError):  # it was a whole one after all, and was moved
            if path.is_file() and path.lstat().st_mtime < before:
                path.unlink()


def _remove_leftovers(own: Path) -> None:
    """Delete the folders beside ``own`` that an earlier run of this user did not get to delete.

    A young folder is left alone: its run may not have locked it yet.
    """
    user, oldest = own.stat().st_uid, time.time() - UPLOADS_KEPT[1]
    for folder in own.parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another run may be deleting it, too
            found = folder.lstat()
            ours = found.st_uid == user and found.st_mtime < oldest and not folder.is_symlink()
            if ours and (folder / LOCK).is_file() and _is_abandoned(folder):
                rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        with FileLock(folder / LOCK, timeout=0):
            return True
    except Timeout:
        return False
