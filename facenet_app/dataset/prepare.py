"""Packing a folder of people for training: cut every picture once, and keep the squares together.

The list of pictures is divided into shards before anything is done. A shard is written as a whole, then
a note that it is finished; a run that was stopped, in whatever way, goes on with the shards without one,
and the result is the same as if it had never been stopped.
"""

import csv
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facenet_app.dataset.cut import PackedPicture, Refused
from facenet_app.dataset.index import INDEX, PackIndex
from facenet_app.dataset.listing import Listing
from facenet_app.dataset.plan import make_plan
from facenet_app.dataset.shards import FinishedShard, finished_shard, write_file, write_shard
from facenet_app.dataset.workers import Work, cut_files
from facenet_app.errors import UsageError

__all__ = ["PackSettings", "Prepared", "prepare"]

PORTION = 25
"""Pictures that a worker takes at a time."""
REFUSED = "refused.csv"

Progress = Callable[[int, int], None]
"""Called with how many pictures are done and how many there are."""


@dataclass(frozen=True, slots=True)
class PackSettings:
    """How to pack.

    Attributes:
        workers: processes that cut; 1 works in this one.
        shard_size: pictures of the list that go into one file.
    """

    workers: int = 1
    shard_size: int = 500

    def __post_init__(self) -> None:
        if self.workers < 1 or self.shard_size < 1:
            raise UsageError("a pack needs one worker and one picture in a shard at least", "give 1 or more")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of it.

    Attributes:
        folder: of the pack.
        index: all that is in it.
        listed: pictures of the list.
        before: of these, finished before this run.
        seconds: wall time of this run.
        refused: name, code and message of each picture that was refused.
    """

    folder: Path
    index: PackIndex
    listed: int
    before: int
    seconds: float
    refused: tuple[tuple[str, str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """As ``data prepare --json`` prints it."""
        people = {label for shard in self.index.shards for label in shard.labels.tolist()}
        return {
            "folder": str(self.folder),
            "images": self.index.images,
            "people": len(people),
            "alignment": self.index.alignment,
            "side": self.index.side,
            "fingerprint": self.index.fingerprint,
            "shards": len(self.index.shards),
            "bytes": sum(shard.size for shard in self.index.shards),
            "listed": self.listed,
            "finished_before": self.before,
            "seconds": round(self.seconds, 2),
            "refused_by_code": dict(sorted(self.index.refused.items())),
            "refused": [
                {"path": name, "code": code, "message": message} for name, code, message in self.refused
            ],
        }


def prepare(
    listing: Listing,
    folder: Path,
    work: Work,
    settings: PackSettings,
    progress: Progress | None = None,
) -> Prepared:
    """Pack the pictures of a list, or go on with it.

    Args:
        listing: the pictures.
        folder: of the pack; made if it is not there.
        work: how squares are made of them.
        settings: see :class:`PackSettings`.
        progress: called after every portion.

    Raises:
        UsageError: the folder holds something else, cannot be written to, or another run is at it.
        FacenetAppError: a worker ended before its work was done.
    """
    start = time.perf_counter()
    plan = make_plan(listing, {**work.described(), "shard_size": settings.shard_size})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            plan.claim(folder)
            done, before = _finish(listing, folder, work, settings, progress)
            refused = tuple(chain.from_iterable(each.refused for each in done))
            index = PackIndex(
                alignment=work.alignment,
                side=work.side,
                people=listing.people,
                shards=tuple(each.shard for each in done),
                plan=plan.digest,
                refused=Counter(code for _, code, _ in refused),
            )
            write_file(folder / REFUSED, _table(refused))
            write_file(folder / INDEX, json.dumps(index.to_dict()).encode())
    except Timeout as error:
        raise UsageError(f"another process packs into {folder} now", "wait for it to end") from error
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written to ({error.strerror or error})",
            "make room or give another folder with --out; finished shards are kept",
        ) from error
    return Prepared(folder, index, len(listing), before, time.perf_counter() - start, refused)


def _finish(
    listing: Listing, folder: Path, work: Work, settings: PackSettings, progress: Progress | None
) -> tuple[list[FinishedShard], int]:
    """All shards, and how many pictures of them were finished before."""
    size, total = settings.shard_size, len(listing)
    ranges = [range(start, min(start + size, total)) for start in range(0, total, size)]
    finished = {
        number: found
        for number in range(len(ranges))
        if (found := finished_shard(folder, number, len(listing.people)))
    }
    before = count = sum(len(ranges[number]) for number in finished)
    missing = {number: rows for number, rows in enumerate(ranges) if number not in finished}
    paths = listing.paths
    portions = [
        [paths[row] for row in rows[start : start + PORTION]]
        for rows in missing.values()
        for start in range(0, len(rows), PORTION)
    ]
    outcomes = cut_files(work, portions, min(settings.workers, max(1, len(portions))))
    for number, rows in missing.items():
        cut: list[PackedPicture | Refused] = []
        while len(cut) < len(rows):
            cut += next(outcomes)
            if progress is not None:
                progress(count + len(cut), total)
        finished[number] = write_shard(folder, number, rows, listing, cut)
        count += len(rows)
    return [finished[number] for number in range(len(ranges))], before


def _table(refused: Sequence[tuple[str, str, str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("path", "code", "message"), *refused])
    return file.getvalue().encode(errors="surrogateescape")
