"""Whether a trained model misses fewer people than the one it began with, each person weighted alike.

    python benchmarks/finetuning.py --model sface --model runs/mine people/ degraded/low degraded/jpeg

All pairs of each folder (``degraded_copies.py`` makes the degraded ones). A person's FNMR is the share of
their mated pairs above the threshold at which the folder's non-mated pairs have the FMR; people with many
pictures would decide an FNMR over pairs. The interval is that of the difference of the means: people are
drawn with replacement, the same for both models, at the thresholds of all pairs. A picture without a face
is left out for both.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.bootstrap import open_extractor
from facenet_app.evaluation.allpairs import all_pairs
from facenet_app.evaluation.cache import open_cache
from facenet_app.evaluation.embedded import SELECTION, EmbeddedPictures, embed_pictures
from facenet_app.evaluation.labelled import LabelledPictures, read_folders
from facenet_app.evaluation.resampling import Resampling
from facenet_app.settings import load_settings

RATES = (1e-3, 1e-4, 1e-5)


def embed(model: str, pictures: LabelledPictures) -> EmbeddedPictures:
    settings = load_settings(model=model)
    extractor = open_extractor(settings)
    cache = open_cache(settings, extractor.fingerprint, extractor.detector.name, SELECTION)
    return embed_pictures(extractor, pictures.paths, cache)


def missed(vectors: NDArray[np.float32], people: NDArray[np.int64]) -> dict[float, NDArray[np.float64]]:
    """FNMR of each person (people with two pictures, in order) at each FMR that the pairs support."""
    counted = all_pairs(vectors, people, max_fmr=RATES[0])
    pairs, subjects = counted.distances(), counted.subjects
    own = np.bincount(subjects.mated_person, minlength=subjects.people)
    by_person = {}
    for rate in RATES:
        if rate * pairs.non_mated_pairs < 1:
            continue
        above = subjects.mated > pairs.threshold_at(rate)
        errors = np.bincount(subjects.mated_person[above], minlength=subjects.people)
        by_person[rate] = (errors / np.maximum(own, 1))[own > 0]
    return by_person


def rows(folder: Path, models: tuple[str, str]) -> None:
    pictures = read_folders(folder)
    both = [embed(model, pictures) for model in models]
    use = both[0].found & both[1].found
    people = pictures.identities[use]
    first, second = (missed(each.vectors[use], people) for each in both)
    for rate, before in first.items():
        change = second[rate] - before
        resampling = Resampling()
        means = resampling.weights(change.size) @ change / change.size
        low, high = resampling.percentiles(means, change.size)
        cells = (
            f"{folder.name} | {rate:g} | {before.mean():.4f} | {second[rate].mean():.4f}",
            f"{change.mean() / before.mean():+.0%}",
            f"{change.mean():+.4f} ({low:+.4f} to {high:+.4f})",
            f"{change.size}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", required=True, help="give two: before and after")
    parser.add_argument("folders", nargs="+", type=Path)
    arguments = parser.parse_args()
    if len(arguments.model) != 2:
        parser.error("give --model twice: before and after")
    before, after = arguments.model
    print("| folder | FMR | FNMR before | after | relative | difference (95 %) | people |")
    print("|---|---|---|---|---|---|---|")
    for folder in arguments.folders:
        rows(folder, (before, after))


if __name__ == "__main__":
    main()
