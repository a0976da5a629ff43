"""Downloads that resume, are verified, and appear whole or not at all.

While one is under way its beginning is kept beside the destination, and a lock file lets one
process at a time work on it; the others wait and find it done.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facenet_app.errors import DownloadFailed, ModelError, WeightsDamaged
from facenet_app.weights.part import Part
from facenet_app.weights.store import make_folder, sha256_of
from facenet_app.weights.transfer import Interrupted, Progress, transfer

__all__ = ["PATIENCE", "Patience", "Progress", "fetch", "only_one"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to insist. All times in seconds.

    ``timeout`` is the longest silence of the server, ``pause`` the wait before the first retry
    (doubled for each further one), ``wait`` how long to wait for another process that is fetching.
    """

    retries: int = 3
    timeout: float = 30.0
    pause: float = 1.0
    wait: float = 1800.0


PATIENCE = Patience()


def fetch(
    url: str,
    destination: Path,
    *,
    sha256: str | None,
    size: int | None = None,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> str:
    """Download a file to ``destination``; returns its SHA-256 in hex.

    A file that is there already with the right digest is kept. What an earlier call received before
    it was cut off is not asked for again, unless the file has changed at its source.

    Args:
        url: ``https://``; plain ``http://`` is accepted for loopback addresses only.
        destination: the file; its folder is made.
        sha256: the digest it must have; None if nobody published one.
        size: its size in bytes, if known.
        progress: told of the bytes as they come.
        patience: retries and timeouts.

    Raises:
        DownloadFailed: the server cannot be reached, refuses, or sends less than it promised.
        WeightsDamaged: size or digest is not the expected one; nothing of the file is kept.
        ModelError: the folder cannot be written.
    """
    make_folder(destination.parent)
    part = Part(destination)
    try:
        with only_one(destination, patience.wait):
            if sha256 is not None and destination.is_file() and sha256_of(destination) == sha256:
                return sha256
            _insist(url, part, size, progress, patience)
            digest = _checked(part, url, sha256, size)
            part.become(destination)
    except OSError as error:
        raise ModelError(
            f"{destination.name} cannot be written to {destination.parent} ({error.strerror})",
            "free some space there, or set FACENET_APP_CACHE to a folder you can write to",
        ) from error
    return digest


def _insist(url: str, part: Part, size: int | None, progress: Progress | None, patience: Patience) -> None:
    reason = Interrupted()
    for attempt in range(patience.retries + 1):
        if attempt:
            time.sleep(patience.pause * 2 ** (attempt - 1))
        try:
            return transfer(url, part, size, progress, patience.timeout)
        except Interrupted as error:
            reason = error
    raise DownloadFailed(
        f"{url} could not be downloaded: {reason}",
        "connect to the internet and try again, which goes on where it stopped, or fetch the file elsewhere",
    ) from reason


def _checked(part: Part, url: str, sha256: str | None, size: int | None) -> str:
    """The part's digest, if size and digest are those expected."""
    digest, actual = sha256_of(part.path), part.size
    wrong_size = size is not None and actual != size
    if wrong_size or sha256 not in (None, digest):
        part.discard()
        raise WeightsDamaged(
            f"{url} has {actual:,} bytes where {size:,} are expected"
            if wrong_size
            else f"{url} has the SHA-256 {digest} where {sha256} is expected",
            "try again; if it stays so do not use the file: it was changed at its source or on the way",
        )
    return digest


@contextmanager
def only_one(destination: Path, wait: float) -> Iterator[None]:
    """Keep out other processes and threads that work on ``destination``; ``wait`` in seconds.

    Raises:
        DownloadFailed: another one has not finished in that time.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(destination.with_name(f"{destination.name}.lock"))
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise DownloadFailed(
            f"another process has been fetching {destination.name} for {wait:g} seconds",
            "wait until it is done",
        ) from error
    try:
        yield
    finally:
        lock.release()
