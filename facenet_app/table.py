"""CSV tables: those that users hand in, whatever program wrote them, and those they take away."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facenet_app.errors import UsageError

__all__ = ["Table", "read_table", "read_text", "written_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the first line, and the number and the stripped fields of every other one."""

    names: tuple[str, ...]
    lines: tuple[tuple[int, dict[str, str]], ...]


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises:
        UsageError: there is no such file, or it is not text in UTF-8.
    """
    try:
        # Bytes first: reading text would turn line ends inside quotes into others.
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read", "give a text file in UTF-8") from error


def read_table(path: Path) -> Table:
    """A table separated by commas, semicolons or tabs: whichever the first line has most of.

    Raises:
        UsageError: the file cannot be read, or is no CSV; the message gives the line.
    """
    text = read_text(path)
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = tuple(name.strip() for name in next(reader, []))
        lines = [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        raise UsageError(
            f"line {reader.line_num} of {path} is not CSV ({error})", "check the quotes there"
        ) from error
    if len({name.lower() for name in names}) < len(names):
        raise UsageError(f"the first line of {path} names a column twice", "rename one of them")
    for number, fields in lines:
        if len(fields) != len(names):
            raise UsageError(
                f"line {number} of {path} has {len(fields)} fields, and the first line has {len(names)}",
                "correct that line",
            )
    return Table(
        names,
        tuple(
            (number, dict(zip(names, (field.strip() for field in fields), strict=True)))
            for number, fields in lines
        ),
    )


def written_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for spreadsheets, in which no cell is taken for a formula (RFC 4180; OWASP, CSV injection)."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return file.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
