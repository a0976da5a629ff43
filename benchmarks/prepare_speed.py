"""How fast `data prepare` is on LFW, and why packs hold JPEG and not PNG.

The same pictures go through a plain OpenCV loop in the same run (read, YuNet, warp, encode; two OpenCV
threads), which is what most scripts do. Processor time is told beside wall time, because that of a busy
machine says little. ::

    python benchmarks/prepare_speed.py --markdown
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from lfw import lfw_root, sample_pictures
from measurement import Measurement, as_markdown, as_text, at_least, machine_lines

from facenet_app.cli.data import packing
from facenet_app.comparison.distance import distances
from facenet_app.dataset.listing import Listing
from facenet_app.dataset.pack import open_pack
from facenet_app.dataset.prepare import PackSettings, prepare
from facenet_app.detection.yunet import FILE, PACKAGE
from facenet_app.domain import FaceCrop
from facenet_app.imaging.align import FIVE_POINTS_112
from facenet_app.service import FaceService
from facenet_app.settings import load_settings
from facenet_app.weights.store import package_file

TARGET = 200
"""Pictures a second that two cores have to reach."""
CORES = 2
PACKAGES = ("numpy", "opencv-python-headless", "pillow")


def listed(root: Path, pictures: Sequence[Path]) -> Listing:
    """The pictures as ``data prepare`` lists them."""
    people = tuple(sorted({path.parent.name for path in pictures}))
    number = {name: row for row, name in enumerate(people)}
    names = tuple(path.relative_to(root).as_posix() for path in pictures)
    return Listing(root, names, np.array([number[path.parent.name] for path in pictures]), people)


def measure_packing(listing: Listing, folder: Path, *, lossless: bool) -> list[Measurement]:
    """Pack all pictures with one process a core."""
    before = os.times()
    done = prepare(
        listing, folder, packing(load_settings(), None, lossless=lossless), PackSettings(workers=CORES)
    )
    after = os.times()
    used = sum(getattr(after, name) - getattr(before, name)
               for name in ("user", "system", "children_user", "children_system"))  # fmt: skip
    kind, rate = "PNG" if lossless else "JPEG", len(listing) / done.seconds
    size = done.to_dict()["bytes"] / len(listing) / 1000
    shown = f"{rate:.0f} images/s ({done.index.images:,} of {len(listing):,}), {size:.1f} kB each in the pack"
    idle = CORES * len(listing) / used
    busy = f"{1000 * used / len(listing):.1f} ms with the workers' start ({idle:.0f} images/s of idle cores)"
    return [
        at_least(f"`data prepare`, {kind}, {CORES} workers", shown, rate, TARGET, " images/s"),
        Measurement(f"`data prepare`, {kind}, processor time an image", busy),
    ]


def measure_opencv(pictures: Sequence[Path]) -> Measurement:
    """The plain loop, with the same detector, template and quality of JPEG."""
    cv2.setNumThreads(CORES)
    detector = cv2.FaceDetectorYN.create(str(package_file(PACKAGE, FILE)), "", (320, 320), 0.5)
    template = FIVE_POINTS_112.astype(np.float32)
    start = time.perf_counter()
    for path in pictures:
        pixels = cv2.imread(str(path))
        detector.setInputSize(pixels.shape[1::-1])
        _, faces = detector.detect(pixels)
        if faces is None:
            continue
        matrix, _ = cv2.estimateAffinePartial2D(faces[0, 4:14].reshape(5, 2), template, method=cv2.LMEDS)
        crop = cv2.warpAffine(pixels, matrix, (112, 112), flags=cv2.INTER_CUBIC)
        cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 95])
    rate = len(pictures) / (time.perf_counter() - start)
    return Measurement(f"A plain OpenCV loop, {CORES} threads", f"{rate:.0f} images/s")


def measure_reading(kind: str, folder: Path) -> Measurement:
    """Batches of 120 in random order, as training reads them."""
    images = open_pack(folder)
    random = np.random.default_rng(0)
    batches = [random.integers(0, len(images), 120) for _ in range(20)]
    images.pixels(batches[0])
    start = time.perf_counter()
    for batch in batches:
        images.pixels(batch)
    each = 1000 * (time.perf_counter() - start) / (20 * 120)
    return Measurement(f"Reading a pack of {kind}, batches of 120", f"{each:.2f} ms an image")


def measure_loss(jpeg: Path, png: Path) -> Measurement:
    """What JPEG does to embeddings, as the distance from those of the pixels themselves."""
    embedder = FaceService.open().extractor.embedder
    rows = range(500)
    vectors = [
        embedder.vectors([FaceCrop(pixels, embedder.alignment) for pixels in open_pack(folder).pixels(rows)])
        for folder in (jpeg, png)
    ]
    moved = np.diag(distances(*vectors))
    return Measurement(
        "What JPEG moves an embedding by",
        f"{np.median(moved):.3f} at the median, {np.percentile(moved, 99):.3f} for 1 % of the faces",
    )


def main() -> int:
    """Measure, print, and return 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--pictures", type=int, default=4000, help="of LFW, evenly spread (default %(default)s)"
    )
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    options = parser.parse_args()
    machine = machine_lines(PACKAGES)
    root = lfw_root() / "images"
    pictures = sample_pictures(root.parent, options.pictures)
    listing = listed(root, pictures)
    with tempfile.TemporaryDirectory() as made:
        jpeg, png = Path(made) / "jpeg", Path(made) / "png"
        rows = [
            *measure_packing(listing, jpeg, lossless=False),
            measure_opencv(pictures),
            *measure_packing(listing, png, lossless=True),
            measure_reading("JPEG", jpeg),
            measure_reading("PNG", png),
            measure_loss(jpeg, png),
        ]
    print(as_markdown(rows) if options.markdown else as_text(rows))
    print("", *machine, sep="\n")
    return int(any(row.passed is False for row in rows[:1]))


if __name__ == "__main__":
    sys.exit(main())
