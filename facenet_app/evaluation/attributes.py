"""The user's own table of attributes: which group a picture or a person belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facenet_app.errors import UsageError
from facenet_app.table import Table, read_table

__all__ = ["AttributeTable", "read_attributes"]

KEYS = ("image", "identity")


@dataclass(frozen=True, slots=True)
class AttributeTable:
    """``values[attribute][key]``, where keys are pictures or people: ``key`` says which."""

    path: Path
    key: str
    values: Mapping[str, Mapping[str, str]]

    def of(self, pictures: Sequence[str], people: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """For each attribute the value of every picture; "" where the table does not give it.

        Args:
            pictures: paths relative to the folder of the images, with slashes.
            people: the name of the person on each picture: that of their folder.

        Raises:
            UsageError: the table knows none of the pictures.
        """
        keys = pictures if self.key == "image" else people
        known = {key for column in self.values.values() for key in column}
        if known.isdisjoint(keys):
            raise UsageError(
                f"none of the pictures is in {self.path}: its column {self.key} begins with "
                f"{min(known)}, and the pictures with {min(keys)}",
                "write paths relative to the folder, or the names of the people's folders",
            )
        return {name: tuple(column.get(key, "") for key in keys) for name, column in self.values.items()}


def read_attributes(path: Path) -> AttributeTable:
    """A CSV table with a column ``image`` or ``identity``; every other column is an attribute.

    Raises:
        UsageError: the file cannot be read, or a line is not as it should be (with its number).
    """
    table = read_table(path)
    key = next((name for name in KEYS if name in table.names), None)
    if key is None or len(table.names) < 2:
        raise UsageError(
            f"the first line of {path} must name a column image or identity and at least one attribute",
            "for example: identity,age group",
        )
    return AttributeTable(path, key, _columns(path, table, key))


def _columns(path: Path, table: Table, key: str) -> dict[str, dict[str, str]]:
    if not table.lines:
        raise UsageError(f"the table of attributes {path} has no rows", f"add a line for each {key}")
    columns: dict[str, dict[str, str]] = {name: {} for name in table.names if name != key}
    seen: set[str] = set()
    for number, row in table.lines:
        who = row[key]
        if not who or who in seen:
            raise UsageError(f"line {number} of {path} has an empty or a repeated {key}", "correct that line")
        seen.add(who)
        for name, column in columns.items():
            column[who] = row[name]
    return columns
