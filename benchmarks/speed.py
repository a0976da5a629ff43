"""How fast the product is, against its peers and its own targets, all measured in one run.

Pictures of Labeled Faces in the Wild (250×250) go through every pipeline in turn, a few at a
time, so that a busy moment of the machine hits all of them; medians are compared. ::

    python benchmarks/speed.py --markdown
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import TypeVar

import cv2
from lfw import lfw_root, sample_pictures
from lower_bound import MatrixProduct, network_flop
from measurement import Measurement, as_markdown, as_text, at_least, at_most, machine_lines
from peers import PEERS, THREADS, dlib_build
from photos import make_photos
from startup import measure_startup

from facenet_app.embedding.networks import build_network
from facenet_app.errors import DeviceUnavailable, FacenetAppError
from facenet_app.service import FaceService

Argument = TypeVar("Argument")

TURN = 20
"""Pictures that a pipeline handles before the next one has its turn."""

BATCH_PICTURES = 2000
PHOTO_ROUNDS = 9
RATIOS = {"face_recognition": 10.0, "facenet-pytorch": 7.0}
"""How many times as long as ours these have to take."""

PACKAGES = ("numpy", "opencv-python-headless", "openvino", "torch", "pillow", "facenet-pytorch", "dlib-bin")


def services() -> dict[str, FaceService]:
    """Ours as it comes, and in half precision where the processor has it."""
    found = {"ours": FaceService.open(threads=THREADS)}
    with suppress(DeviceUnavailable):
        found["ours, half precision"] = FaceService.open(threads=THREADS, precision="half")
    return found


def measure_pictures(ours: dict[str, FaceService], pictures: Sequence[Path]) -> list[Measurement]:
    """One picture at a time, from the file to the embedding of one face, by every pipeline."""
    runs: dict[str, Callable[[Path], object]] = {
        name: service.extractor.extract for name, service in ours.items()
    }
    runs |= {name: peer().embed_file for name, peer in PEERS.items()}
    for run in runs.values():
        for picture in pictures[:5]:
            _milliseconds(run, picture)
    taken: dict[str, list[float]] = {name: [] for name in runs}
    product, speeds = MatrixProduct(THREADS), list[float]()
    for first in range(0, len(pictures), TURN):
        speeds.append(product.flop_per_second())
        for name, run in runs.items():
            taken[name] += [_milliseconds(run, picture) for picture in pictures[first : first + TURN]]
    times = {name: median(values) for name, values in taken.items()}
    rows = [Measurement(f"One picture, {name}", f"{time:.1f} ms") for name, time in times.items()]
    rows.append(bound(network_flop(build_network("sface"), 112), median(speeds)))
    for peer in PEERS:
        for name in ours:
            ratio, least = times[peer] / times[name], RATIOS.get(peer)
            what, shown = f"One picture, {peer} against {name}", f"{ratio:.1f} × as long"
            rows.append(at_least(what, shown, ratio, least, " ×") if least else Measurement(what, shown))
    return rows


def bound(flop: int, speed: float) -> Measurement:
    """What float32 costs at least, before a picture is decoded or a face found."""
    shown = f"{1000 * flop / speed:.1f} ms ({flop / 1e9:.2f} GFLOP at {speed / 1e9:.0f} GFLOP/s)"
    return Measurement("The network's arithmetic as one matrix product, float32", shown)


def measure_batches(name: str, service: FaceService, pictures: Sequence[Path]) -> Measurement:
    """Faces a second in one long run, decoding, detection and alignment included."""
    start = time.perf_counter()
    faces = sum(
        not isinstance(outcome, FacenetAppError) for outcome in service.extractor.extract_many(pictures)
    )
    rate = faces / (time.perf_counter() - start)
    shown = f"{rate:.0f} faces/s ({faces:,} of {len(pictures):,})"
    return at_least(f"Many pictures, {name}, detection included", shown, rate, 120, " faces/s")


def measure_photos(service: FaceService) -> list[Measurement]:
    """Two 12-megapixel photos verified, against the time OpenCV takes to decode the two files."""
    with tempfile.TemporaryDirectory() as folder:
        probe, reference = make_photos(Path(folder))
        service.verify(probe, reference)
        decoding, verifying = [], []
        for _ in range(PHOTO_ROUNDS):
            decoding.append(_milliseconds(cv2.imread, str(probe)) + _milliseconds(cv2.imread, str(reference)))
            start = time.perf_counter()
            service.verify(probe, reference)
            verifying.append(1000 * (time.perf_counter() - start))
        megabytes = sum(photo.stat().st_size for photo in (probe, reference)) / 1e6
    decode, verify = median(decoding), median(verifying)
    shown = f"{verify:.0f} ms, {verify / decode:.2f} × decoding"
    return [
        Measurement(f"Two 12 MP photos ({megabytes:.1f} MB), `cv2.imread`", f"{decode:.0f} ms"),
        at_most("Two 12 MP photos, `verify`", shown, verify / decode, 3, "< 3 × decoding"),
    ]


def main() -> int:
    """Measure, print, and return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=200, help="for one at a time (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="start-up rounds (default %(default)s)")
    parser.add_argument("--no-startup", action="store_true", help="leave out all start-up times")
    parser.add_argument("--no-page", action="store_true", help="leave out the start of the page")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    options = parser.parse_args()
    machine = [*machine_lines(PACKAGES), f"- dlib: {dlib_build()}"]
    root = lfw_root()
    pictures = sample_pictures(root, options.pictures)
    rows = []
    if not options.no_startup:
        rows += measure_startup(pictures[0], pictures[1], repeats=options.repeats, page=not options.no_page)
    ours = services()
    cv2.setNumThreads(THREADS)
    rows += measure_pictures(ours, pictures)
    many = sample_pictures(root, BATCH_PICTURES)
    rows += [measure_batches(name, service, many) for name, service in ours.items()]
    rows += measure_photos(ours["ours"])
    print(as_markdown(rows) if options.markdown else as_text(rows))
    print("", *machine, sep="\n")
    return int(any(row.passed is False for row in rows))


def _milliseconds(run: Callable[[Argument], object], argument: Argument) -> float:
    start = time.perf_counter()
    run(argument)
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
