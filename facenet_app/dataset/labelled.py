"""What training learns from: N square pictures, and who or what is on each."""

import hashlib
from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError

__all__ = ["ArrayImages", "LabelledImages", "Subset", "in_memory", "subset"]

CHUNK = 1024
"""Pictures decoded at a time by :func:`in_memory`."""


class LabelledImages(Protocol):
    """N pictures with labels; safe to read from several threads.

    Attributes:
        labels: int64 (N,), rows of ``people``; every one of these occurs.
        people: names, each once.
        fingerprint: SHA-256 of the contents in hexadecimal: equal for equal pictures and labels.
        alignment: how the pictures were cut out, see :mod:`facenet_app.imaging.align`.
        side: height and width of every picture in pixels.
    """

    @property
    def labels(self) -> NDArray[np.int64]: ...
    @property
    def people(self) -> tuple[str, ...]: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def alignment(self) -> str: ...
    @property
    def side(self) -> int: ...

    def __len__(self) -> int: ...

    def pixels(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pictures of these rows: RGB uint8 (B, side, side, 3), in this order.

        Raises:
            FacenetAppError: one of them cannot be read.
        """
        ...


class ArrayImages:
    """Pictures that are in memory already; see :class:`LabelledImages`.

    Args:
        pixels: RGB uint8 (N, side, side, 3); kept, not copied.
        labels: N whole numbers, rows of ``people``.
        people: names, each once; all of them occur in ``labels``.
        alignment: how the pictures were cut out.
        fingerprint: of the contents; None computes it.

    Raises:
        UsageError: the parts do not fit together.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        labels: Sequence[int] | NDArray[np.int64],
        people: Sequence[str],
        *,
        alignment: str = "as-is",
        fingerprint: str | None = None,
    ) -> None:
        self.labels = np.asarray(labels, np.int64)
        self.people = tuple(people)
        self.alignment = alignment
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1::2] != (pixels.shape[2], 3):
            raise UsageError(f"pictures are uint8 (N, side, side, 3), not {pixels.dtype} {pixels.shape}")
        if self.labels.shape != pixels.shape[:1]:
            raise UsageError(f"{len(pixels):,} pictures have labels of shape {self.labels.shape}")
        if len(set(self.people)) < len(self.people):
            raise UsageError("a person is named twice among the people")
        if not np.array_equal(np.unique(self.labels), np.arange(len(self.people))):
            raise UsageError(f"the labels are not all of the rows of the {len(self.people):,} people")
        self.side = int(pixels.shape[1])
        self._pixels = pixels
        self.fingerprint = fingerprint or self._digest()

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """See :meth:`LabelledImages.pixels`."""
        return self._pixels[np.asarray(indices, np.int64)]

    def _digest(self) -> str:
        digest = hashlib.sha256(repr((self._pixels.shape, self.alignment, self.people)).encode())
        digest.update(self.labels.tobytes())
        digest.update(np.ascontiguousarray(self._pixels).data)
        return digest.hexdigest()


class Subset:
    """Some rows of other pictures, with labels of their own; made by :func:`subset`."""

    def __init__(self, images: LabelledImages, rows: NDArray[np.int64]) -> None:
        self._images = images
        self._rows = rows
        kept, labels = np.unique(images.labels[rows], return_inverse=True)
        self.labels = labels.astype(np.int64)
        self.people = tuple(images.people[label] for label in kept)
        self.alignment = images.alignment
        self.side = images.side
        self.fingerprint = hashlib.sha256(images.fingerprint.encode() + rows.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self._rows)

    def pixels(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """See :meth:`LabelledImages.pixels`."""
        return self._images.pixels(self._rows[np.asarray(indices, np.int64)])


def subset(
    images: LabelledImages,
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    *,
    people: Collection[str] | None = None,
) -> Subset:
    """Some of the pictures: these rows, or all those of these people. Labels begin at 0 again.

    Raises:
        UsageError: not exactly one of both is given, a row or a person does not exist, or nothing is left.
    """
    if (indices is None) == (people is None):
        raise UsageError("a subset is given by rows or by people", "give one of them")
    if people is not None:
        wanted = set(people)
        if unknown := wanted.difference(images.people):
            raise UsageError(
                f"{len(unknown):,} of the {len(wanted):,} people of the list are not among the pictures",
                "check that the list belongs to these pictures",
            )
        chosen = [label for label, name in enumerate(images.people) if name in wanted]
        rows = np.flatnonzero(np.isin(images.labels, chosen))
    else:
        rows = np.asarray(indices, np.int64).reshape(-1)
        if rows.size and (rows.min() < 0 or rows.max() >= len(images)):
            raise UsageError(f"a row of the subset is not one of the {len(images):,} pictures")
    if not rows.size:
        raise UsageError("the subset has no picture", "choose other rows or people")
    return Subset(images, rows)


def in_memory(images: LabelledImages) -> ArrayImages:
    """The same pictures, decoded once: N · side² · 3 bytes, and no time lost on decoding from then on."""
    pixels = np.empty((len(images), images.side, images.side, 3), np.uint8)
    for start in range(0, len(images), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(images)))
        pixels[rows] = images.pixels(rows)
    return ArrayImages(
        pixels, images.labels, images.people, alignment=images.alignment, fingerprint=images.fingerprint
    )
