"""How many pairs of LFW's pairsDevTest.txt (500 mated, 500 non-mated) each pipeline gets right.

Each pipeline is judged at its own best threshold on these very pairs, which flatters all of them
alike. A pair with a picture in which a pipeline finds no face counts as wrong. ::

    python benchmarks/pairs_accuracy.py ours face_recognition opencv-sface
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lfw import Pair, lfw_root, read_pairs
from numpy.typing import NDArray
from peers import PEERS, THREADS
from rich.console import Console
from rich.progress import track
from scipy.stats import binomtest

from facenet_app.errors import FacenetAppError, NoFaceFound
from facenet_app.service import FaceService

# facenet-pytorch runs here with random weights: its distances would mean nothing.
CHOICES = ("ours", *(name for name in PEERS if name != "facenet-pytorch"))


@dataclass(frozen=True)
class Accuracy:
    """What one pipeline got right; ``threshold`` is a distance on its own scale."""

    right: int
    pairs: int
    threshold: float
    without_face: int
    """Pictures, not pairs."""
    pictures: int


def best_threshold(distances: NDArray[np.floating], mated: NDArray[np.bool_]) -> tuple[float, int]:
    """The distance at which most pairs are right, and how many are; (P,) and (P,), NaN is always wrong.

    A pair is right if it is mated and at or under the threshold, or non-mated and above it.
    """
    same = np.sort(distances[mated & np.isfinite(distances)])
    other = np.sort(distances[~mated & np.isfinite(distances)])
    thresholds = np.unique(np.concatenate(([0.0], same, other)))
    right = (
        np.searchsorted(same, thresholds, "right") + other.size - np.searchsorted(other, thresholds, "right")
    )
    best = int(right.argmax())
    return float(thresholds[best]), int(right[best])


def embed_all(name: str, paths: Sequence[Path]) -> Iterator[NDArray[np.floating] | None]:
    """One embedding for each picture, in order; None where no face is found."""
    if name != "ours":
        yield from map(PEERS[name]().embed_file, paths)
        return
    service = FaceService.open(threads=THREADS)
    for outcome in service.extractor.extract_many(paths):
        if isinstance(outcome, NoFaceFound):
            yield None
        elif isinstance(outcome, FacenetAppError):
            raise outcome
        else:
            yield outcome.face.embedding.vector


def measure(name: str, pairs: Sequence[Pair]) -> Accuracy:
    """Run one pipeline over all pictures of ``pairs``, each once."""
    paths = sorted({path for pair in pairs for path in (pair.probe, pair.reference)})
    console, found = Console(stderr=True), embed_all(name, paths)
    shown = track(found, name, total=len(paths), console=console, disable=not console.is_terminal)
    vectors = dict(zip(paths, shown, strict=True))
    distances = np.array([_distance(vectors[pair.probe], vectors[pair.reference]) for pair in pairs])
    threshold, right = best_threshold(distances, np.array([pair.mated for pair in pairs]))
    missing = sum(vector is None for vector in vectors.values())
    return Accuracy(right, len(pairs), threshold, missing, len(paths))


def row(name: str, accuracy: Accuracy) -> str:
    """A line of the Markdown table, with Wilson's interval at 95 %."""
    interval = binomtest(accuracy.right, accuracy.pairs).proportion_ci(method="wilson")
    return (
        f"| {name} | {accuracy.right / accuracy.pairs:.2%} | {interval.low:.2%} – {interval.high:.2%} | "
        f"{accuracy.threshold:.3f} | {accuracy.without_face} of {accuracy.pictures:,} |"
    )


def main() -> int:
    """Measure the pipelines named on the command line and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pipelines", nargs="+", choices=CHOICES, help="what to measure")
    parser.add_argument(
        "--pairs", default="pairsDevTest.txt", help="a development list (default %(default)s)"
    )
    options = parser.parse_args()
    pairs = read_pairs(lfw_root(), options.pairs)
    print("| Pipeline | Pairs right | 95 % interval | Best distance | Pictures without a face |")
    print("|---|---|---|---|---|")
    for name in options.pipelines:
        print(row(name, measure(name, pairs)), flush=True)
    return 0


def _distance(probe: NDArray[np.floating] | None, reference: NDArray[np.floating] | None) -> float:
    if probe is None or reference is None:
        return float("nan")
    return float(np.linalg.norm(probe.astype(np.float64) - reference.astype(np.float64)))


if __name__ == "__main__":
    sys.exit(main())
