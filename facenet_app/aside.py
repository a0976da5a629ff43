"""Files that appear whole or not at all, also if a process is killed or the power fails meanwhile.

A file is written under another name in the same folder, handed to the disk, renamed, and the folder
is handed to the disk as well: without the first sync the new name can come to stand before an empty
file, without the second the old one can come back. Errors are the file system's: OSError.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_beside", "make_private_folder", "put_in_place", "write_whole", "written_aside"]


@contextmanager
def written_aside(target: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """An empty file to write, which takes the place of ``target`` at the end of a block without an error.

    It is in the folder of ``target``, which is there, and for its owner only.

    Raises:
        FileExistsError: ``overwrite`` is False, and ``target`` is there at the end of the block.
        OSError: it cannot be written.
    """
    with file_beside(target) as aside:
        yield aside
        put_in_place(aside, target, overwrite=overwrite)


def write_whole(target: Path, data: bytes) -> None:
    """Write a file of these bytes over the one that is there, if one is. See :func:`written_aside`."""
    with written_aside(target) as aside:
        aside.write_bytes(data)


def put_in_place(aside: Path, target: Path, *, overwrite: bool = True) -> None:
    """Give a whole file its name; once this returns, a power cut changes nothing of it.

    Raises:
        FileExistsError: ``overwrite`` is False, and there is a file of that name.
        OSError: it cannot be done.
    """
    _sync(aside)
    if overwrite:
        aside.replace(target)
    else:
        _publish(aside, target)
    _sync(target.parent)


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """An empty file in the folder of ``target``, for its owner only; at the end it is removed if it is
    still there.
    """
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    aside.touch(mode=0o600, exist_ok=False)
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner only."""
    for each in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        each.mkdir(mode=0o700, exist_ok=True)


def _publish(aside: Path, target: Path) -> None:
    """Give the file its name, unless another one has got it meanwhile."""
    try:
        target.hardlink_to(aside)
    except FileExistsError:
        raise
    except OSError:  # not every file system has hard links
        aside.replace(target)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, through a power cut."""
    folder = path.is_dir()
    if folder and os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise
    finally:
        os.close(descriptor)
