"""Pictures of anything, used as they are: products, signatures, or faces that are cut out already."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.dataset.listing import Listing, list_folders, list_table
from facenet_app.dataset.square import AS_IS, SIDES, resized
from facenet_app.errors import ImageNotFound, UsageError
from facenet_app.processes import usable_cores

__all__ = ["PictureImages", "open_folder", "open_list"]


def open_folder(
    folder: Path,
    side: int,
    *,
    alignment: str = AS_IS,
    max_bytes: int = 40_000_000,
    max_pixels: int = 80_000_000,
) -> "PictureImages":
    """The pictures of ``folder/<Label>/*.jpg``, resized to a square of ``side`` pixels.

    Args:
        folder: one folder of pictures a label.
        side: height and width in pixels; other shapes are stretched.
        alignment: how faces were cut out, if they were: a model's manifest names what it wants.
        max_bytes: of a file.
        max_pixels: of a picture.

    Raises:
        UsageError: there are no such pictures, or the side is not 16 to 2,048.
        ImageNotFound: a file cannot be read.
    """
    return PictureImages(list_folders(Path(folder)), side, alignment, max_bytes, max_pixels)


def open_list(
    table: Path,
    side: int,
    *,
    root: Path | None = None,
    alignment: str = AS_IS,
    max_bytes: int = 40_000_000,
    max_pixels: int = 80_000_000,
) -> "PictureImages":
    """The pictures of a CSV list with the columns ``path`` and ``label``, as :func:`open_folder`.

    ``root`` is what the paths are relative to, by default the list's folder.
    """
    return PictureImages(list_table(Path(table), root), side, alignment, max_bytes, max_pixels)


class PictureImages:
    """Picture files, decoded when asked for; see :class:`~facenet_app.dataset.labelled.LabelledImages`."""

    def __init__(self, listing: Listing, side: int, alignment: str, max_bytes: int, max_pixels: int) -> None:
        if side not in SIDES:
            raise UsageError(f"pictures of {side} × {side} pixels cannot be trained on", "give 16 to 2048")
        self.labels, self.people = listing.labels, listing.people
        self.alignment, self.side = alignment, side
        self.paths = listing.paths
        self._limits = max_bytes, max_pixels
        self.fingerprint = self._digest(listing)

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """See :meth:`LabelledImages.pixels`.

        Raises:
            ImageError: a file is gone or is not a sound picture; the message names it.
        """
        chosen = [self.paths[row] for row in np.asarray(indices, np.int64).reshape(-1)]
        if not chosen:
            return np.empty((0, self.side, self.side, 3), np.uint8)
        with ThreadPoolExecutor(min(len(chosen), usable_cores())) as pool:
            return np.stack(list(pool.map(self._picture, chosen)))

    def _picture(self, path: Path) -> NDArray[np.uint8]:
        from facenet_app.imaging.decode import ImageLimits, decode

        return resized(decode(path, ImageLimits(*self._limits)), self.side)

    def _digest(self, listing: Listing) -> str:
        digest = hashlib.sha256(repr((self.side, self.alignment, listing.people)).encode())
        digest.update(listing.labels.tobytes())
        for path in self.paths:
            try:
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise ImageNotFound(f"{path} cannot be read", "check the list and the permissions") from error
        return digest.hexdigest()
