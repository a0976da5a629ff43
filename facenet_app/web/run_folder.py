"""The temporary folder of one run of the page: uploads and examples, and nothing left behind."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Final

from filelock import FileLock, Timeout

__all__ = ["UPLOADS_KEPT", "run_folder"]

UPLOADS_KEPT: Final = (600, 3600)
"""Seconds: how often uploads are looked through, and the age at which they are deleted."""

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
        with FileLock(folder / LOCK):
            _remove_leftovers(folder)
            yield folder


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
