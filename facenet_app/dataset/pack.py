"""Reading packs: WebDataset shards (tar files) with an index, so that any picture can be had at once."""

import hashlib
import io
import mmap
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facenet_app.dataset.index import BLOCK, PackIndex, damaged, read_index
from facenet_app.processes import usable_cores

__all__ = ["FacePack", "open_pack"]

PARALLEL_FROM: Final = 64
"""Pictures from which on several threads decode: below, starting them costs more than it brings."""
_MOST_THREADS: Final = 8
_FORMATS: Final = ("JPEG", "PNG")


def open_pack(folder: Path, *, verify: bool = False, threads: int = 0) -> "FacePack":
    """The pack in a folder. Nothing of it is decoded yet.

    Args:
        folder: as `facenet-app data prepare` made it.
        verify: read every byte and compare the digests, instead of the sizes alone.
        threads: that decode large batches; 0 takes as many as there are cores, 8 at most.

    Raises:
        UsageError: there is no complete pack.
        PackDamaged: it is not as its index says, or the index is not as it can be.
    """
    folder = Path(folder)
    index = read_index(folder)
    for shard in index.shards:
        path = folder / shard.name
        try:
            size = path.stat().st_size
            changed = verify and _sha256(path) != shard.sha256
        except OSError as error:
            raise damaged(folder, f"{shard.name} cannot be read") from error
        if size != shard.size:
            raise damaged(folder, f"{shard.name} has {size:,} bytes, not {shard.size:,}")
        if changed:
            raise damaged(folder, f"the content of {shard.name} was changed")
    return FacePack(folder, index, threads)


class FacePack:
    """The pictures of a pack; see :class:`~facenet_app.dataset.labelled.LabelledImages`.

    Made by :func:`open_pack`. Safe to call from several threads, and to send to other processes.
    """

    def __init__(self, folder: Path, index: PackIndex, threads: int) -> None:
        self.folder = folder
        self.index = index
        self.alignment, self.side = index.alignment, index.side
        self.fingerprint = index.fingerprint
        none = np.empty(0, np.int64)
        shards = index.shards
        everybody = np.concatenate([none, *(shard.labels for shard in shards)])
        # People whose pictures were all refused have no label here.
        present, labels = np.unique(everybody, return_inverse=True)
        self.people = tuple(index.people[label] for label in present)
        self.labels = labels.astype(np.int64)
        self._offsets = np.concatenate([none, *(shard.offsets for shard in shards)])
        self._lengths = np.concatenate([none, *(shard.lengths for shard in shards)])
        self._shards = np.repeat(np.arange(len(shards)), [shard.labels.size for shard in shards])
        self._threads = threads or min(_MOST_THREADS, usable_cores())
        self._maps: dict[int, mmap.mmap] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.labels)

    def __reduce__(self) -> tuple[Any, ...]:
        return FacePack, (self.folder, self.index, self._threads)

    def pixels(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """See :meth:`LabelledImages.pixels`.

        Raises:
            PackDamaged: a picture is not where the index says, or not what it should be.
        """
        rows = np.asarray(indices, np.int64).reshape(-1)
        pixels = np.empty((rows.size, self.side, self.side, 3), np.uint8)

        def fill(places: NDArray[np.int64]) -> None:
            for place in places:
                pixels[place] = self._picture(int(rows[place]))

        if rows.size < PARALLEL_FROM or self._threads == 1:
            fill(np.arange(rows.size))
            return pixels
        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(fill, np.array_split(np.arange(rows.size), self._threads)))
        return pixels

    def _picture(self, row: int) -> NDArray[np.uint8]:
        shard, start, length = int(self._shards[row]), int(self._offsets[row]), int(self._lengths[row])
        block = self._map(shard)[start - BLOCK : start + length]
        try:
            _check_header(block[:BLOCK], length)
            image = Image.open(io.BytesIO(block[BLOCK:]), formats=_FORMATS)
            # Before decoding: a small file may hold a huge picture.
            if image.size != (self.side, self.side) or image.mode != "RGB":
                raise ValueError(f"a picture is {image.mode} {image.size}")
            return np.asarray(image)
        except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
            name = self.index.shards[shard].name
            raise damaged(self.folder, f"the picture at byte {start:,} of {name} cannot be read") from error

    def _map(self, shard: int) -> mmap.mmap:
        found = self._maps.get(shard)
        if found is None:
            path = self.folder / self.index.shards[shard].name
            with self._lock, path.open("rb") as file:
                found = self._maps[shard] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return found


def _check_header(header: bytes, length: int) -> None:
    """A file of a picture of this many bytes has to begin here (POSIX.1-1988 "ustar")."""
    name = header[:100].rstrip(b"\0")
    if not name.endswith((b".jpg", b".png")) or int(header[124:135], 8) != length:
        raise ValueError("no picture begins here")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
