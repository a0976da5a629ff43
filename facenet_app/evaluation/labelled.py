"""Pictures in one folder per person: who is on each, and what groups they belong to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.imaging.decode import PICTURE_SUFFIXES

__all__ = ["LabelledPictures", "read_folders"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPictures:
    """N pictures of known people.

    Attributes:
        root: the folder they are in.
        paths: N paths, below ``root``.
        identities: int64 (N,), rows of ``people``.
        people: names of the people's folders, sorted.
        attributes: for each attribute its N values; "" where unknown.
    """

    root: Path
    paths: tuple[Path, ...]
    identities: NDArray[np.int64]
    people: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The paths relative to ``root``, with slashes."""
        return tuple(path.relative_to(self.root).as_posix() for path in self.paths)


def read_folders(root: Path) -> LabelledPictures:
    """The pictures ``root/<Person>/*.jpg`` (and the other formats), sorted by person and name.

    Raises:
        UsageError: ``root`` is not a folder, or the pictures give no pairs of one kind or the other.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "give a folder with one folder of pictures per person")
    paths = sorted(
        path
        for person in root.iterdir()
        if person.is_dir() and not person.name.startswith(".")
        for path in person.iterdir()
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
    )
    counts = Counter(path.parent.name for path in paths)
    if len(counts) < 2:
        raise UsageError(
            f"{root} has pictures of {len(counts)} people in folders, and non-mated pairs need two",
            "put each person's pictures into a folder of that name; at least two people are needed, one of "
            "them with two pictures",
        )
    if max(counts.values()) < 2:
        raise UsageError(
            f"nobody in {root} has two pictures, and mated pairs need two of the same person",
            "add a second picture of at least one person",
        )
    people = sorted(counts)
    number = {name: index for index, name in enumerate(people)}
    identities = np.array([number[path.parent.name] for path in paths], np.int64)
    return LabelledPictures(root, tuple(paths), identities, tuple(people))
