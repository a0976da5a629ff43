"""Small worlds of people with chosen embeddings: the real program, spared the pictures.

Embeddings come from the cache on disk, which is asked by content before any picture is decoded. So a
file with any content can have any face, or none.
"""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.decide import given_threshold
from facenet_app.evaluation.cache import EmbeddingCache, MeasuredFace
from facenet_app.evaluation.measured import Decision
from facenet_app.evaluation.measures import MEASURES
from facenet_app.evaluation.protocol import Contestant
from facenet_app.evaluation.result import EvaluationResult
from facenet_app.evaluation.verified import VerificationResult
from facenet_app.extraction import FaceExtractor

DIMENSION = 16
THRESHOLD = 0.9
BY_HAND = Decision(1e-2, given_threshold(THRESHOLD, "of a test"))
FAILURES = ("P00/P00_0002.jpg", "P03/P03_0001.jpg")
"""Without a face, where a test asks for some."""


@dataclass(frozen=True)
class World:
    """Pictures ``folder/P03/P03_0002.jpg`` with unit vectors (N, D); NaN rows show no face."""

    folder: Path
    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    measures: NDArray[np.float32]

    def contestant(
        self, extractor: FaceExtractor, decision: Decision, noise: float = 0.0, recipe: str = "one"
    ) -> Contestant:
        """A model that sees this world, with so much noise on its vectors."""
        cache = EmbeddingCache(self.folder.parent / "cache", recipe)
        random = np.random.default_rng(5)
        vectors = unit(self.vectors + noise * random.normal(size=self.vectors.shape))
        cache.add(
            {
                hashlib.sha256(name.encode()).digest(): None
                if np.isnan(vector).any()
                else MeasuredFace(vector, measures)
                for name, vector, measures in zip(self.names, vectors, self.measures, strict=True)
            }
        )
        return Contestant(extractor, decision, cache)

    def distance(self, probe: str, reference: str) -> float:
        """NaN if one of them has no face."""
        one, other = (self.vectors[self.names.index(name)].astype(np.float64) for name in (probe, reference))
        return float(np.linalg.norm(one - other))

    def pairs(self) -> list[tuple[str, str, bool, float]]:
        """All pairs: probe, reference, mated, distance."""
        return [
            (one, other, person(one) == person(other), self.distance(one, other))
            for one, other in combinations(self.names, 2)
        ]


def make_world(
    folder: Path, pictures: Sequence[int], failures: Sequence[str] = (), spread: float = 0.55, seed: int = 1
) -> World:
    """People with these numbers of pictures; ``failures`` are names of pictures without a face."""
    random = np.random.default_rng(seed)
    names, vectors = [], []
    for number, count in enumerate(pictures):
        center = random.normal(size=DIMENSION)
        for picture in range(1, count + 1):
            names.append(f"P{number:02}/P{number:02}_{picture:04}.jpg")
            vectors.append(center + spread * random.normal(size=DIMENSION))
            if names[-1] in failures:
                vectors[-1][:] = np.nan
    measures = random.uniform(1, 50, (len(names), len(MEASURES))).astype(np.float32)
    measures[np.isnan(vectors).any(axis=1)] = np.nan
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return World(folder, tuple(names), unit(np.array(vectors)), measures)


def person(name: str) -> str:
    return name.partition("/")[0]


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def verified(result: EvaluationResult) -> VerificationResult:
    assert result.main.verification is not None
    return result.main.verification


def counts(pairs: Iterable[tuple[str, str, bool, float]]) -> dict[str, tuple[int, int]]:
    """Errors and trials of all four rates at THRESHOLD, pair by pair."""
    sums = {name: [0, 0] for name in ("fmr", "fnmr", "far", "frr")}
    for _, _, mated, distance in pairs:
        accepted = distance <= THRESHOLD
        for name, leaves_out in (("fnmr" if mated else "fmr", True), ("frr" if mated else "far", False)):
            if leaves_out and np.isnan(distance):
                continue
            sums[name][0] += accepted != mated
            sums[name][1] += 1
    return {name: (errors, trials) for name, (errors, trials) in sums.items()}


def write_pairs(path: Path, pairs: Sequence[tuple[str, str, bool, float]], folds: int = 1) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("probe", "reference", "mated", "fold"))
        writer.writerows((*pair[:2], int(pair[2]), number % folds) for number, pair in enumerate(pairs))
    return path
