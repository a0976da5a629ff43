"""How often a search names a stranger, and misses somebody enrolled: what stands for a person, on LFW.

    uv run benchmarks/lfw_search_rate.py --images ../shared/data/lfw

Galleries of 200 people with 1, 2, 3, 5 or 8 pictures each, drawn by lot, are searched with another
picture of everybody. The share of strangers' searches in which somebody is within the threshold is the
measured FPIR; beside it what the formula promises if it counts pictures. Both for the nearest picture of a
person and for the centroid of their pictures.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lfw_operating_points import embed
from numpy.typing import NDArray

from facenet_app.bootstrap import measured_points
from facenet_app.evaluation.templates import Strategy, person_distances
from facenet_app.settings import load_settings

PEOPLE = 200
REPEATS = 20
STRATEGIES = (Strategy.MINIMUM, Strategy.CENTROID)


@dataclass(frozen=True)
class Searched:
    """Distances to everybody enrolled, float32 (searches, people), and which column is the right one."""

    strangers: NDArray[np.float32]
    enrolled: NDArray[np.float32]

    def named(self, threshold: float) -> float:
        return float((self.strangers.min(axis=1) <= threshold).mean())

    def missed(self, threshold: float) -> float:
        right = self.enrolled.argmin(axis=1) == np.arange(len(self.enrolled))
        return float(1 - (right & (self.enrolled.min(axis=1) <= threshold)).mean())


def search(
    vectors: NDArray[np.float32], who: NDArray[np.int64], samples: int, random: np.random.Generator
) -> Iterator[Searched]:
    """The same gallery and the same searches for each strategy: one probe of everybody."""
    people, pictures = np.unique(who, return_counts=True)
    eligible = people[pictures > samples]
    enrolled = random.choice(eligible, min(PEOPLE, len(eligible)), replace=False)
    rows = np.array(
        [random.choice(np.flatnonzero(who == each), samples + 1, replace=False) for each in enrolled]
    )
    gallery, column = vectors[rows[:, :samples].ravel()], np.repeat(np.arange(len(enrolled)), samples)
    others = random.permutation(np.flatnonzero(~np.isin(who, enrolled)))
    _, first = np.unique(who[others], return_index=True)
    for strategy in STRATEGIES:
        yield Searched(
            person_distances(vectors[others[first]], gallery, column, strategy),
            person_distances(vectors[rows[:, samples]], gallery, column, strategy),
        )


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
    print(
        "| FMR | pictures a person | FPIR promised | nearest: FPIR, FNIR | centroid: FPIR, FNIR | its FMR |"
    )
    print("|---|---|---|---|---|---|")
    for samples in (1, 2, 3, 5, 8):
        random = np.random.default_rng(0)
        runs = [list(search(vectors, who, samples, random)) for _ in range(REPEATS)]
        for point in points:
            assert point.target_fmr is not None
            people = runs[0][0].strangers.shape[1]
            promised = 1 - (1 - point.target_fmr) ** (people * samples)
            rates = [
                f"{100 * np.mean([run[each].named(point.threshold) for run in runs]):.2f} %, "
                f"{100 * np.mean([run[each].missed(point.threshold) for run in runs]):.2f} %"
                for each in range(len(STRATEGIES))
            ]
            fmr = np.mean([(run[1].strangers <= point.threshold).mean() for run in runs])
            cells = (f"{point.target_fmr:g}", samples, f"{100 * promised:.2f} %", *rates, f"{fmr:.2g}")
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
