"""Which pictures there are and who is on them: a folder a person, or a CSV list."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.imaging.formats import PICTURE_SUFFIXES
from facenet_app.table import read_table

__all__ = ["Listing", "list_folders", "list_pictures", "list_table"]


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """N pictures of labelled people or things, sorted by label and name.

    Attributes:
        root: the folder that ``names`` are relative to.
        names: N paths with slashes, each once.
        labels: int64 (N,), rows of ``people``.
        people: names, sorted; every one has a picture.
    """

    root: Path
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    people: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self.root / name for name in self.names)


def list_pictures(source: Path, root: Path | None = None) -> Listing:
    """The pictures of a folder of folders, or of a CSV list. Raises as the two functions below."""
    return list_table(source, root) if source.is_file() else list_folders(source)


def list_folders(root: Path) -> Listing:
    """The pictures ``root/<Person>/*.jpg`` and the other formats; hidden files and folders do not count.

    Raises:
        UsageError: ``root`` is not a folder that can be read, or there is no picture in folders in it.
    """
    try:
        found = [
            (person.name, f"{person.name}/{path.name}")
            for person in root.iterdir()
            if person.is_dir() and not person.name.startswith(".")
            for path in person.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
        ]
    except OSError as error:
        raise UsageError(
            f"{error.filename or root} is not a folder that can be read",
            "give a folder with one folder of pictures per person, or a CSV list",
        ) from error
    if not found:
        raise UsageError(
            f"{root} holds no folder with pictures", "put each person's pictures into a folder of that name"
        )
    return _listing(root, found)


def list_table(path: Path, root: Path | None = None) -> Listing:
    """The pictures of a CSV table with the columns ``path`` and ``label``.

    Args:
        path: the table.
        root: what the paths in it are relative to; by default the table's folder.

    Raises:
        UsageError: the table is not as it should be; the message gives the line.
    """
    table = read_table(path)
    columns = {name.lower(): name for name in table.names}
    if not {"path", "label"} <= columns.keys():
        raise UsageError(f"{path} has no columns path and label", "name them in its first line")
    found = []
    seen: dict[str, int] = {}
    for number, line in table.lines:
        name, label = line[columns["path"]].replace("\\", "/"), line[columns["label"]]
        if not name or not label:
            raise UsageError(f"line {number} of {path} has no path or no label", "correct that line")
        if name in seen:
            raise UsageError(
                f"line {number} of {path} has the same picture as line {seen[name]}", "keep one of them"
            )
        seen[name] = number
        found.append((label, name))
    if not found:
        raise UsageError(f"{path} lists no picture", "give a table with a picture a line")
    return _listing(path.parent if root is None else root, found)


def _listing(root: Path, found: Sequence[tuple[str, str]]) -> Listing:
    found = sorted(found)
    people = tuple(sorted({label for label, _ in found}))
    number = {label: row for row, label in enumerate(people)}
    labels = np.array([number[label] for label, _ in found], np.int64)
    return Listing(root, tuple(name for _, name in found), labels, people)
