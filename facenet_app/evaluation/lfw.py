"""Labeled Faces in the Wild: its lists of pairs and of people.

Huang et al., "Labeled Faces in the Wild", UMass Amherst 07-49, 2007. ``pairs.txt`` is View 2 (ten
folds of 300 mated and 300 non-mated pairs), ``pairsDevTest.txt`` the test list of View 1.
"""

from dataclasses import dataclass
from pathlib import Path

from facenet_app.errors import UsageError
from facenet_app.table import read_text

__all__ = ["Pair", "picture_path", "read_pairs"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, relative to the folder of the images; ``fold`` counts from 0."""

    probe: str
    reference: str
    mated: bool
    fold: int


def picture_path(person: str, number: int) -> str:
    """``Ada_Lovelace/Ada_Lovelace_0003.jpg``."""
    return f"{person}/{person}_{number:04d}.jpg"


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a list in LFW's format, in order.

    The first line gives the number of folds (if there are several) and of pairs of each kind in a
    fold; then each fold has its mated lines (person, two numbers) and its non-mated ones (person,
    number, person, number).

    Raises:
        UsageError: the file is missing, or a line or the number of lines is not as it should be; the
            message gives the line's number.
    """
    lines = _numbered_lines(path)
    number, header = lines[0]
    counts = header.split()
    if len(counts) not in (1, 2) or not all(_is_number(count) and int(count) > 0 for count in counts):
        raise _refused(path, number, "the numbers of folds and of pairs expected")
    *folds, per_kind = (int(count) for count in counts)
    pairs = [
        _pair(path, number, line, fold=index // (2 * per_kind))
        for index, (number, line) in enumerate(lines[1:])
    ]
    expected = 2 * per_kind * (folds[0] if folds else 1)
    if len(pairs) != expected:
        raise UsageError(
            f"{path} has {len(pairs):,} pairs where its first line promises {expected:,}", "check the file"
        )
    return pairs


def _numbered_lines(path: Path) -> list[tuple[int, str]]:
    text = read_text(path)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise UsageError(f"the list of pairs {path} is empty", "check the file")
    return lines


def _pair(path: Path, number: int, line: str, fold: int) -> Pair:
    # Tabs as published, so that names may hold spaces; some copies of the lists have spaces instead.
    fields = [field.strip() for field in (line.split("\t") if "\t" in line else line.split())]
    if len(fields) == 3 and _is_number(fields[1]) and _is_number(fields[2]):
        person, first, second = fields
        other = person
    elif len(fields) == 4 and _is_number(fields[1]) and _is_number(fields[3]):
        person, first, other, second = fields
    else:
        raise _refused(path, number, "person, number, number or person, number, person, number expected")
    return Pair(
        picture_path(person, int(first)),
        picture_path(other, int(second)),
        mated=len(fields) == 3,
        fold=fold,
    )


def _is_number(field: str) -> bool:
    return field.isascii() and field.isdecimal() and len(field) < 10


def _refused(path: Path, number: int, why: str) -> UsageError:
    return UsageError(
        f"line {number} of {path} is not as a list of pairs in LFW's format has it ({why})", "check the file"
    )
