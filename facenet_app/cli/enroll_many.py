"""Enrolling many people: what is printed of it, and the list of refused pictures."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit, exit_code_of, say
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from facenet_app.domain import Enrollment
    from facenet_app.service import FaceService

__all__ = ["Many", "Tally", "enroll_many"]


@dataclass(frozen=True, slots=True)
class Many:
    """What the options said: a folder or a table, and how the work is done.

    ``refused`` is a file for the list of refused pictures. ``ray`` is None, or the address of a cluster,
    "" for the one that Ray finds.
    """

    folder: Path | None
    table: Path | None
    refused: Path | None
    workers: int
    ray: str | None


@dataclass(slots=True)
class Tally:
    """Counts over many results; the results themselves, with pictures in them, are let go of."""

    people: int = 0
    samples: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, result: "Enrollment") -> Self:
        """Count one person."""
        self.people += result.identity is not None
        self.samples += len(result.samples)
        self.known += result.known
        self.refused.update(each.code for each in result.refused)  # a Counter keeps the order of arrival
        return self

    @property
    def exit_code(self) -> int:
        """0 if something is enrolled or nothing was refused, else that of the first refusal's kind."""
        return 0 if self.samples or self.known or not self.refused else exit_code_of(next(iter(self.refused)))

    def to_dict(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "samples": self.samples,
            "known": self.known,
            "refused": self.refused.total(),
            "refused_by_code": dict(sorted(self.refused.items())),
        }

    def line(self) -> str:
        """All of it in one sentence."""
        known = f"{self.known:,} enrolled before, " if self.known else ""
        by_code = "".join(f", {count} {code}" for code, count in sorted(self.refused.items()))
        return (
            f"in all: {counted(self.people, 'person', 'people')}, {self.samples} stored, {known}"
            f"{self.refused.total()} refused{by_code}"
        )


def enroll_many(service: "FaceService", many: Many, *, as_json: bool) -> int:
    """Enroll, print, and return the exit code."""
    tally, people = Tally(), []
    with ExitStack() as stack:
        stack.enter_context(service.gallery)
        write = stack.enter_context(_list_of_refused(many.refused))
        for result in _results(service, many):
            tally.add(result)
            write(result)
            if as_json:
                people.append(result.to_dict())
                continue
            say(f"{result.name}: {len(result.samples)} stored, {len(result.refused)} refused")
            for refused in result.refused:
                say(f"  refused {refused.source}: {refused.message}")
    emit({"people": people, "totals": tally.to_dict()}, [tally.line()], as_json=as_json)
    return tally.exit_code


def _results(service: "FaceService", many: Many) -> "Iterator[Enrollment]":
    from facenet_app.enrollment.many import Spread

    spread = Spread(many.workers, many.ray)
    with progress_bar("enrolling", "faces") as report:
        if many.folder is not None:
            yield from service.enroll_folders(many.folder, report, spread)
        elif many.table is not None:
            yield from service.enroll_table(many.table, report, spread)


@contextmanager
def _list_of_refused(path: Path | None) -> "Iterator[Callable[[Enrollment], None]]":
    """Writes the refused pictures of a result to a CSV file, at once: a run may be stopped."""
    if path is None:
        yield lambda _result: None
        return
    try:
        with path.open("w", newline="", encoding="utf-8", errors="surrogateescape", buffering=1) as file:
            table = csv.writer(file)
            table.writerow(("name", "path", "code", "reasons", "message"))

            def write(result: "Enrollment") -> None:
                table.writerows(
                    (result.name, each.source, each.code, " ".join(each.reasons), each.message)
                    for each in result.refused
                )

            yield write
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror or error})", "give another file with --refused"
        ) from error
