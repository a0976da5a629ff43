"""How fast `enroll --from-folders` is on LFW, how much memory it takes, and what starting again costs.

The command runs as users run it, on a gallery in a temporary folder. It is killed once on the way
(SIGKILL to all of its processes) and started again, then once more when everything is enrolled. Processor
time is told beside wall time, because that of a busy machine says little. ::

    python benchmarks/bulk_enrollment.py --markdown
    python benchmarks/bulk_enrollment.py --pictures 2000 --workers 1
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from lfw import lfw_root, sample_pictures
from measurement import Measurement, as_markdown, as_text, at_least, at_most, machine_lines

TARGET = 100
"""Pictures a second that two cores have to reach."""
MEMORY = 3.0
"""GB that all processes together may take."""
CORES = 2
LOOK = 2.0
"""Seconds between two looks at the memory."""
CROP_BYTES = 22_000
"""What a picture takes in the gallery, about."""
PACKAGES = ("numpy", "opencv-python-headless", "openvino", "sqlalchemy")


@dataclass(frozen=True)
class Run:
    """One run of the command: seconds of wall and processor time, bytes at the peak, and its totals."""

    wall: float
    cpu: float
    peak: int
    totals: dict[str, Any]


def linked(pictures: list[Path], folder: Path) -> Path:
    """The same pictures in a folder of their own."""
    for picture in pictures:
        (folder / picture.parent.name).mkdir(parents=True, exist_ok=True)
        (folder / picture.parent.name / picture.name).symlink_to(picture)
    return folder


def enroll(folder: Path, gallery: Path, options: list[str], killed_at: float = float("inf")) -> Run:
    """Run the command and watch it; it is killed with its workers when the gallery has so many bytes."""
    command = [sys.executable, "-m", "facenet_app.cli.main", "enroll", "--from-folders", str(folder)]
    before, start, peak, looked = os.times(), time.perf_counter(), 0, 0.0
    with tempfile.TemporaryFile("w+") as printed:
        arguments = [*command, "--gallery", str(gallery), "--json", *options]
        process = subprocess.Popen(arguments, stdout=printed)
        while process.poll() is None:
            if time.perf_counter() > looked + LOOK:  # adding up the pages of a process takes time
                peak, looked = max(peak, sum(map(memory_of, family_of(process.pid)))), time.perf_counter()
            if sum(file.stat().st_size for file in gallery.parent.glob(f"{gallery.name}*")) > killed_at:
                for each in family_of(process.pid):
                    each.kill()
            time.sleep(0.1)
        printed.seek(0)
        totals = json.loads(printed.read())["totals"] if process.returncode == 0 else {}
    after = os.times()
    used = sum(getattr(after, name) - getattr(before, name) for name in ("children_user", "children_system"))
    return Run(time.perf_counter() - start, used, peak, totals)


def family_of(pid: int) -> list[psutil.Process]:
    """A process and its children, if they are still there."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory_of(process: psutil.Process) -> int:
    """Bytes of its own, and its share of those that processes have together."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def measure_all(folder: Path, gallery: Path, options: list[str], count: int) -> list[Measurement]:
    """Everything from nothing, then again with nothing to do."""
    run, again = enroll(folder, gallery, options), enroll(folder, gallery, options)
    rate, idle = count / run.wall, CORES * count / run.cpu
    totals = run.totals
    shown = f"{rate:.0f} images/s ({totals['samples']:,} of {totals['people']:,} people stored)"
    busy = (
        f"{1000 * run.cpu / count:.1f} ms, start of the workers included ({idle:.0f} images/s of idle cores)"
    )
    refused = ", ".join(f"{number} {code}" for code, number in totals["refused_by_code"].items())
    return [
        at_least("`enroll --from-folders`", shown, rate, TARGET, " images/s"),
        Measurement("Processor time an image", busy),
        at_most(
            "Memory of all processes at the peak",
            f"{run.peak / 1e9:.2f} GB",
            run.peak / 1e9,
            MEMORY,
            "< 3 GB",
        ),
        Measurement("Refused", refused or "none"),
        Measurement(
            "The same command again",
            f"{again.wall:.0f} s ({count / again.wall:.0f} images/s), {again.totals['known']:,} known, "
            f"{again.totals['samples']} stored",
        ),
    ]


def measure_killed(folder: Path, gallery: Path, options: list[str], count: int) -> Measurement:
    """Killed half way and started again: nothing twice, nothing missing.

    The third run may add pictures that were refused as somebody else's: the person's own, stored since,
    may be nearer.
    """
    enroll(folder, gallery, options, killed_at=count * CROP_BYTES / 2)
    again, third = enroll(folder, gallery, options).totals, enroll(folder, gallery, options).totals
    found = (
        f"{again['known']:,} kept, {again['samples']:,} added; "
        f"a third run lets in {third['samples']} that were refused"
    )
    complete = third["known"] == again["known"] + again["samples"] >= count - again["refused"]
    return Measurement("Killed and started again", found, "nothing lost", complete)


def main() -> int:
    """Measure, print, and return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=13233, help="of LFW, evenly spread (%(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="as for the command (%(default)s)")
    parser.add_argument("--killed", type=int, default=1000, help="pictures of the killed run (%(default)s)")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    arguments = parser.parse_args()
    machine = machine_lines(PACKAGES)
    options = ["--workers", str(arguments.workers)]
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        pictures = sample_pictures(lfw_root(), arguments.pictures)
        folder = linked(pictures, root / "all")
        rows = measure_all(folder, root / "gallery.db", options, len(pictures))
        if arguments.killed:
            some = linked(sample_pictures(lfw_root(), arguments.killed), root / "some")
            rows.append(measure_killed(some, root / "killed.db", options, arguments.killed))
    print(as_markdown(rows) if arguments.markdown else as_text(rows))
    print("", *machine, sep="\n")
    return int(any(row.passed is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
