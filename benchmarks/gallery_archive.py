"""Moving and keeping a large gallery: how long, how much memory, and that nothing is different afterwards.

    uv run python benchmarks/gallery_archive.py
    uv run python benchmarks/gallery_archive.py --samples 100000

A gallery of made-up people with two samples each (unit vectors of 128 numbers, crops of 112 x 112
that are as hard to compress as photos) is backed up, restored, exported, imported into another file
and exported again. Each step runs in a process of its own, whose memory at its peak is shown.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from measurement import Measurement, as_text, machine_lines
from PIL import Image

from facenet_app.domain import FaceCrop, Quality
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.backup import back_up
from facenet_app.gallery.incoming import Incoming, IncomingCrop, IncomingPerson, IncomingSample
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.restore import restore_gallery
from facenet_app.gallery.rows import png_from_crop
from facenet_app.gallery.salvage import salvage
from facenet_app.gallery.store import GalleryStore

MODEL, FINGERPRINT = "made-up", "made-up-1"
STEPS = ("make", "backup", "restore", "export", "import", "export again", "salvage")


def crop_of(number: int) -> FaceCrop:
    """A coarse pattern with fine noise: about 25 KB as PNG, like the crop of a photo."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 7, 3), dtype=np.uint8)).resize(
        (112, 112), Image.BICUBIC
    )
    noisy = np.asarray(coarse, np.int16) + rng.integers(-4, 5, (112, 112, 3))
    return FaceCrop(np.clip(noisy, 0, 255).astype(np.uint8), "five-points-112")


def made_up(count: int) -> Incoming:
    vectors = np.random.default_rng(1).normal(size=(count, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    now, crops = datetime.now(UTC), [png_from_crop(crop_of(number)) for number in range(50)]
    people = []
    for person in range(count // 2):
        samples = tuple(
            IncomingSample(
                id=f"{row:032x}",
                row=row,
                content_sha256=hashlib.sha256(str(row).encode()).hexdigest(),
                enrolled_at=now,
                quality=Quality(40.0, 20.0),
                crop=IncomingCrop("five-points-112", partial(crops.__getitem__, row % 50)),
            )
            for row in (2 * person, 2 * person + 1)
        )
        people.append(IncomingPerson(f"{person:032x}", f"Person {person}", now, samples))
    return Incoming(MODEL, FINGERPRINT, tuple(people), vectors)


def opened(path: Path) -> GalleryStore:
    return GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT)


def run_step(step: str, folder: Path, count: int) -> None:
    """One step, in this process."""
    gallery, copy, archive = folder / "gallery.db", folder / "copy.db", folder / "people.zip"
    if step == "make":
        with opened(gallery) as store:
            store.merge_in(made_up(count), OnConflict.SKIP)
    elif step == "backup":
        back_up(gallery, copy)
    elif step == "restore":
        restore_gallery(folder / "restored.db", copy)
    elif step == "export":
        with opened(gallery) as store:
            store.export(archive)
    elif step == "import":
        with opened(folder / "other.db") as store, StoredZip(archive) as file:
            store.merge_in(read_archive(file), OnConflict.SKIP)
    elif step == "export again":
        with opened(folder / "other.db") as store:
            store.export(folder / "again.zip")
    else:
        content = bytearray(copy.read_bytes())
        for page in range(20, len(content) // 4096, 1000):
            content[4096 * page : 4096 * (page + 1)] = bytes(4096)
        (folder / "damaged.db").write_bytes(content)
        done = salvage(folder / "damaged.db", folder / "salvaged.db")
        print(json.dumps({"samples": done.samples, "people": done.people}))


def measured(step: str, folder: Path, count: int) -> Measurement:
    """A step in a process of its own."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, "--folder", str(folder), "--samples", str(count)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - begun
    *said, peak = done.stdout.splitlines()
    value = f"{seconds:.1f} s, {count / seconds:,.0f} samples/s, {int(peak) / 1024:.0f} MB at its peak"
    return Measurement(f"{step}, {count:,} samples", "; ".join([value, *said]))


def same(first: Path, second: Path) -> Measurement:
    equal = first.read_bytes() == second.read_bytes()
    return Measurement("exported, imported, exported: the same bytes", str(equal), "yes", equal)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.folder, arguments.samples)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    print("\n".join(machine_lines(["sqlalchemy", "pillow", "safetensors"])))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [measured(step, folder, arguments.samples) for step in STEPS]
        rows.append(same(folder / "people.zip", folder / "again.zip"))
        size = (folder / "gallery.db").stat().st_size / 2**20
    print(f"\ngallery file: {size:,.0f} MB\n\n{as_text(rows)}")


if __name__ == "__main__":
    main()
