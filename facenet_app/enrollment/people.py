"""Who is to be enrolled with which pictures: a folder a person, or a table."""

from dataclasses import dataclass
from pathlib import Path

from facenet_app.errors import UsageError
from facenet_app.imaging.formats import PICTURE_SUFFIXES
from facenet_app.table import read_table

__all__ = ["Person", "people_in_folders", "people_in_table"]


@dataclass(frozen=True, slots=True)
class Person:
    """A person to enroll.

    Attributes:
        name: as it was given, which need not be one that a person can have.
        source: where the name is from: the folder, or the table with the line.
        pictures: paths; empty if the folder cannot be read.
    """

    name: str
    source: str
    pictures: tuple[Path, ...]


def people_in_folders(root: Path) -> list[Person]:
    """``root/<Name>/*.jpg``: the folders in ``root`` that hold pictures, in order of name. The name has
    spaces for the folder's underscores.

    Hidden files and folders do not count (macOS leaves ``._photo.jpg`` beside pictures). A folder
    that cannot be read is there without pictures.

    Raises:
        UsageError: ``root`` is not a folder that can be read, or holds no folder with pictures.
    """
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(
            f"{root} is not a folder that can be read", "give a folder with one folder of pictures per person"
        ) from error
    people = [
        Person(folder.name.replace("_", " "), str(folder), pictures)
        for folder in folders
        if (pictures := _pictures(folder)) is not None
    ]
    if not people:
        raise UsageError(
            f"{root} holds no folder with pictures", "put each person's pictures into a folder of that name"
        )
    return people


def people_in_table(path: Path) -> list[Person]:
    """The people of a CSV table with the columns ``name`` and ``path``, in order of their first line.

    Paths are relative to the table's folder. A picture that is listed twice for a person counts once.

    Raises:
        UsageError: the table is not as it should be; the message gives the line.
    """
    table = read_table(path)
    columns = {name.lower(): name for name in table.names}
    if not {"name", "path"} <= columns.keys():
        raise UsageError(f"{path} has no columns name and path", "name them in its first line")
    first: dict[str, int] = {}
    pictures: dict[str, dict[Path, None]] = {}
    for number, line in table.lines:
        name, picture = line[columns["name"]], line[columns["path"]].replace("\\", "/")
        if not name or not picture:
            raise UsageError(f"line {number} of {path} has no name or no path", "correct that line")
        first.setdefault(name, number)
        pictures.setdefault(name, {})[path.parent / picture] = None
    if not pictures:
        raise UsageError(f"{path} lists no picture", "give a table with a picture a line")
    return [Person(name, f"{path}, line {first[name]}", tuple(each)) for name, each in pictures.items()]


def _pictures(folder: Path) -> tuple[Path, ...] | None:
    """The pictures of a folder, None if it has none; empty if it cannot be read."""
    try:
        files = sorted(folder.iterdir())
    except OSError:
        return ()
    found = tuple(f for f in files if f.suffix.lower() in PICTURE_SUFFIXES and not f.name.startswith("."))
    return found or None
