"""The joint quality score: how it is fitted, and what it is worth on people it was not fitted on.

    uv run benchmarks/quality_score.py --images ../shared/data/lfw

Up to five pictures of every person of LFW that has two are made worse, each in a way drawn by lot: blurred,
shrunk, darkened with noise, overexposed, or several of these. Each is compared with the person's pictures as
they are; a miss is a distance above the operating point for FMR 1e-3. Fits the weights on peopleDevTrain and
prints them, then the tables of docs/quality.md, all on peopleDevTest.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from facenet_app.domain import Extraction
from facenet_app.evaluation.datasets import Data, lfw
from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.imaging.quality_score import CONSTANT, TERMS, terms
from facenet_app.service import FaceService

Floats = NDArray[np.float64]
PICTURES = 5
KINDS = ("blur", "shrink", "dark", "bright", "several", "several")
LIMITS = ImageLimits(max_bytes=10_000_000, max_pixels=10_000_000)
MEASURES = ("eye distance", "sharpness", "detector score", "exposure", "pose")
REJECTED = (0, 0.05, 0.1, 0.2, 0.3)


def worse(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """The picture made worse by lot."""
    kind = random.choice(KINDS)
    several = kind == "several"
    image = pixels.astype(np.float32)
    if kind == "blur" or (several and random.random() < 0.5):
        image = cv2.GaussianBlur(image, (0, 0), np.exp(random.uniform(np.log(0.7), np.log(6))))
    if kind == "shrink" or (several and random.random() < 0.5):
        side = max(16, round(image.shape[0] * np.exp(random.uniform(np.log(0.08), 0))))
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    light = random.random()
    if kind == "dark" or (several and light < 0.3):
        gain = np.exp(random.uniform(np.log(0.01), 0))
        image = image * gain + random.normal(0, 2, image.shape)
    elif kind == "bright" or (several and light < 0.6):
        image = image * np.exp(random.uniform(0, np.log(12)))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Faces:
    """Measurements float64 (N, 5) in the order of MEASURES, and unit vectors; NaN without a face."""

    measures: Floats
    vectors: Floats

    @classmethod
    def of(cls, service: FaceService, pictures: Iterator[NDArray[np.uint8]]) -> "Faces":
        rows, vectors = [], []
        for each in service.extractor.extract_many(pictures):
            if not isinstance(each, Extraction):
                rows.append([np.nan] * len(MEASURES))
                vectors.append(np.full(128, np.nan))
                continue
            quality = each.face.quality
            rows.append(
                [
                    quality.eye_distance,
                    quality.sharpness,
                    each.face.face.score,
                    quality.exposure,
                    quality.pose,
                ]
            )
            vectors.append(each.face.embedding.vector)
        return cls(np.array(rows, np.float64), np.array(vectors, np.float64))

    @property
    def found(self) -> NDArray[np.bool_]:
        return np.isfinite(self.vectors[:, 0])

    def terms(self) -> Floats:
        """What the score is made of, and the size as it would be if it had a weight: (N, 5)."""
        columns = list(TERMS)
        rows = []
        for eyes, sharp, score, lit, pose in self.measures:
            known = terms(sharpness=sharp, detector_score=score, exposure=lit, pose=pose)
            rows.append([*(known[name] for name in columns), np.log(np.clip(eyes, 4, 20))])
        return np.array(rows)


def fitted(values: Floats, missed: Floats) -> Floats:
    """Weights of at least 0 and a constant, by maximum likelihood; ``missed`` are shares of comparisons."""
    mean, spread = values.mean(axis=0), values.std(axis=0)
    scaled = (values - mean) / spread

    def loss(weights: Floats) -> tuple[float, Floats]:
        total = scaled @ weights[:-1] + weights[-1]
        wrong = 1 / (1 + np.exp(-total)) - (1 - missed)
        likely = missed * np.logaddexp(0, total) + (1 - missed) * np.logaddexp(0, -total)
        return likely.mean(), np.append(scaled.T @ wrong, wrong.sum()) / len(scaled)

    bounds = [(0, None)] * values.shape[1] + [(None, None)]
    found = minimize(loss, np.append(np.full(values.shape[1], 0.1), 0), jac=True, bounds=bounds).x
    weights = found[:-1] / spread
    return np.append(weights, found[-1] - weights @ mean)


def misses(faces: Faces, natural: Faces, person: NDArray[np.int64], threshold: float) -> Floats:
    """Of each face the share of the person's other pictures, as they are, that it would not match."""
    shares = np.full(len(person), np.nan)
    for row in np.flatnonzero(faces.found):
        mates = np.flatnonzero((person == person[row]) & natural.found)
        mates = mates[mates != row]
        if mates.size:
            far = np.linalg.norm(natural.vectors[mates] - faces.vectors[row], axis=1)
            shares[row] = (far > threshold).mean()
    return shares


def ways(faces: Faces, reference: Faces) -> Mapping[str, Floats]:
    """Each way to say how good a picture is: more is better. ``reference`` gives the percentiles."""
    sign = np.array([1, 1, 1, 1, -1])
    single = {name: sign[i] * faces.measures[:, i] for i, name in enumerate(MEASURES)}
    base = np.sort(sign * reference.measures[reference.found], axis=0)
    percentiles = [np.searchsorted(base[:, i], each) / len(base) for i, each in enumerate(single.values())]
    weights = np.array([*TERMS.values(), 0.0])
    return {
        **single,
        "least percentile": np.min(percentiles, axis=0),
        "joint score": 1 / (1 + np.exp(-(faces.terms() @ weights + CONSTANT))),
    }


def curve(good: Floats, missed: Floats) -> str:
    ordered = missed[np.argsort(good, kind="stable")]
    return " | ".join(f"{100 * ordered[int(share * len(ordered)) :].mean():.2f}" for share in REJECTED)


def chosen(data: Data, random: np.random.Generator) -> NDArray[np.intp]:
    """Up to PICTURES rows of each person with two or more, by lot."""
    order = random.permutation(len(data.person))
    order = order[np.argsort(data.person[order], kind="stable")]
    counts = np.bincount(data.person)
    place = np.arange(order.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[(place < PICTURES) & (counts[data.person[order]] > 1)])


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--images", type=Path, required=True, help="LFW's folder, with images/ in it")
    arguments = parser.parse_args()
    service = FaceService.open()
    threshold = service.operating_point(1e-3).threshold
    data, random = lfw("lfw-all", arguments.images), np.random.default_rng(0)
    rows = chosen(data, random)
    person = data.person[rows]
    lines = (arguments.images / "peopleDevTest.txt").read_text(encoding="utf-8").splitlines()[1:]
    testing = {line.split()[0] for line in lines}
    test = np.array([data.names[row].partition("/")[0] in testing for row in rows])
    natural = Faces.of(service, (decode(data.paths[row], LIMITS) for row in rows))
    poor = Faces.of(service, (worse(decode(data.paths[row], LIMITS), random) for row in rows))
    missed = [misses(each, natural, person, threshold) for each in (natural, poor)]
    known = [np.isfinite(each) for each in missed]
    values = [each.terms() for each in (natural, poor)]
    weights = fitted(
        np.concatenate([v[k & ~test] for v, k in zip(values, known, strict=True)]),
        np.concatenate([m[k & ~test] for m, k in zip(missed, known, strict=True)]),
    )
    print("weights:", dict(zip([*TERMS, "eye distance", "constant"], weights.round(3).tolist(), strict=True)))
    lost = 100 * (1 - poor.found.mean())
    print(f"{len(rows):,} pictures, {test.sum():,} of peopleDevTest; made worse, no face in {lost:.0f} %\n")
    report(natural, poor, (known[0] & test, known[1] & test), missed)


def report(
    natural: Faces, poor: Faces, use: tuple[NDArray[np.bool_], NDArray[np.bool_]], missed: list[Floats]
) -> None:
    shares = " | ".join(f"{100 * share:g} %" for share in REJECTED)
    print(f"| measure | AUC | FNMR in % when {shares} are refused |\n|{'---|' * (2 + len(REJECTED))}")
    for name, good in ways(poor, natural).items():
        area = roc_auc_score(missed[1][use[1]] > 0.5, -good[use[1]])
        print(f"| {name} | {area:.3f} | {curve(good[use[1]], missed[1][use[1]])} |")
    print(f"\nas they are:\n| measure | {shares} |\n|{'---|' * (1 + len(REJECTED))}")
    for name, good in ways(natural, natural).items():
        print(f"| {name} | {curve(good[use[0]], missed[0][use[0]])} |")
    score = ways(poor, natural)["joint score"][use[1]]
    print("\n| joint score | pictures | recognized |\n|---|---|---|")
    edges = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1)
    for low, high in pairwise(edges):
        inside = (score >= low) & (score < high)
        print(
            f"| {low:g} to {high:g} | {inside.sum()} | {100 * (1 - missed[1][use[1]][inside].mean()):.1f} % |"
        )
    everything = ways(natural, natural)["joint score"][natural.found]
    least = ", ".join(f"{np.percentile(everything, share):.3f}" for share in (0, 0.1, 0.5, 1, 50))
    print(f"\nas they are, least, 0.1, 0.5, 1 and 50 percent: {least}")


if __name__ == "__main__":
    main()
