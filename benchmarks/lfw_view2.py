"""LFW View 2 with a model: accuracy over the ten folds.

    uv run benchmarks/lfw_view2.py --images ../shared/data/lfw

As published for View 2: the threshold with the most right decisions on nine folds decides the tenth;
mean and standard error over the folds.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Extraction
from facenet_app.evaluation.lfw import Pair, read_pairs
from facenet_app.evaluation.rates import PairDistances
from facenet_app.service import FaceService


def embed(service: FaceService, images: Path, pictures: list[str]) -> dict[str, NDArray[np.float32] | None]:
    """A vector for each picture, None where no face was found."""
    vectors: dict[str, NDArray[np.float32] | None] = {}
    outcomes = service.extractor.extract_many(images / picture for picture in pictures)
    for picture, outcome in zip(pictures, outcomes, strict=True):
        found = isinstance(outcome, Extraction)
        vectors[picture] = outcome.face.embedding.vector if found else None
    return vectors


def pair_distance(vectors: dict[str, NDArray[np.float32] | None], pair: Pair) -> float:
    probe, reference = vectors[pair.probe], vectors[pair.reference]
    if probe is None or reference is None:
        return float("nan")
    return float(np.linalg.norm(probe.astype(np.float64) - reference.astype(np.float64)))


class View2:
    """Distances of the pairs, with their folds; pairs without two faces are counted apart."""

    def __init__(self, pairs: list[Pair], distances: list[float]) -> None:
        self.distances = np.array(distances)
        self.mated = np.array([pair.mated for pair in pairs])
        self.fold = np.array([pair.fold for pair in pairs])
        self.found = np.isfinite(self.distances)

    def of(self, folds: NDArray[np.bool_]) -> PairDistances:
        use = folds & self.found
        return PairDistances(self.distances[use & self.mated], self.distances[use & ~self.mated])

    def accuracy(self) -> tuple[float, float]:
        """Mean over the folds and its standard error; a pair without two faces counts as wrong."""
        shares = []
        for fold in np.unique(self.fold):
            threshold = self.of(self.fold != fold).best_threshold().threshold
            test = self.fold == fold
            right = self.found & ((self.distances <= threshold) == self.mated)
            shares.append(right[test].mean())
        return float(np.mean(shares)), float(np.std(shares, ddof=1) / np.sqrt(len(shares)))


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--images", type=Path, required=True, help="folder with images/ and pairs.txt")
    parser.add_argument("--model", default=None)
    parser.add_argument("--mirror", action="store_true", help="average with the mirrored crop")
    arguments = parser.parse_args()

    service = FaceService.open(model=arguments.model, mirror=arguments.mirror or None)
    pairs = read_pairs(arguments.images / "pairs.txt")
    pictures = sorted({picture for pair in pairs for picture in (pair.probe, pair.reference)})
    start = time.perf_counter()
    vectors = embed(service, arguments.images / "images", pictures)
    seconds = time.perf_counter() - start
    view = View2(pairs, [pair_distance(vectors, pair) for pair in pairs])
    mean, error = view.accuracy()
    everything = view.of(view.fold >= 0)
    print(f"{service.extractor.model}, {service.extractor.detector.name}, {service.extractor.fingerprint}")
    without = sum(vector is None for vector in vectors.values())
    print(f"{len(pictures):,} pictures in {seconds:.1f} s; no face in {without}")
    print(f"accuracy {100 * mean:.2f} % ± {100 * error:.2f} (standard error)")
    print(f"TAR at FMR 1e-3, all folds: {1 - everything.fnmr(everything.threshold_at(1e-3)):.4f}")


if __name__ == "__main__":
    main()
