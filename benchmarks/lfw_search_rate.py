"""How often a search names a stranger: what the correction for the gallery's size is worth, on LFW.

    uv run benchmarks/lfw_search_rate.py --images ../shared/data/lfw

Galleries of 200 people with 1, 3 or 5 pictures each, drawn by lot, are searched with a picture of
everybody else. The share of searches in which somebody is within the threshold is the measured FPIR;
beside it what the formula gives if it counts pictures, and if it counts people.
"""

import argparse
from pathlib import Path

import numpy as np
from lfw_operating_points import embed
from numpy.typing import NDArray

from facenet_app.bootstrap import measured_points
from facenet_app.comparison.distance import distances
from facenet_app.settings import load_settings

PEOPLE = 200
MOST = 5
REPEATS = 5


def search(
    vectors: NDArray[np.float32], who: NDArray[np.int64], samples: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """Distances of one picture of each stranger to everybody's: float32 (strangers, samples enrolled)."""
    people, pictures = np.unique(who, return_counts=True)
    enrolled = random.choice(people[pictures >= MOST], PEOPLE, replace=False)
    gallery = [random.choice(np.flatnonzero(who == each), samples, replace=False) for each in enrolled]
    strangers = random.permutation(np.flatnonzero(~np.isin(who, enrolled)))
    _, first = np.unique(who[strangers], return_index=True)
    return distances(vectors[strangers[first]], vectors[np.concatenate(gallery)])


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--images", type=Path, required=True, help="LFW's folder, with images/ in it")
    arguments = parser.parse_args()

    settings = load_settings()
    pictures, embedded = embed(settings, arguments.images / "images")
    found = embedded.found
    vectors, who = embedded.vectors[found], pictures.identities[found]
    points = measured_points(settings, embedded.fingerprint)
    print("| FMR | pictures a person | FPIR measured | formula with pictures | with people |")
    print("|---|---|---|---|---|")
    for samples in (1, 3, 5):
        random = np.random.default_rng(0)
        runs = [search(vectors, who, samples, random) for _ in range(REPEATS)]
        for point in points:
            fpir = np.mean([(run.min(axis=1) <= point.threshold).mean() for run in runs])
            fmr = np.mean([(run <= point.threshold).mean() for run in runs])
            by_pictures, by_people = (1 - (1 - fmr) ** n for n in (PEOPLE * samples, PEOPLE))
            print(
                f"| {point.target_fmr:g} | {samples} | {100 * fpir:.2f} % | {100 * by_pictures:.2f} % "
                f"| {100 * by_people:.2f} % |"
            )


if __name__ == "__main__":
    main()
