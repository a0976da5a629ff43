"""The operating points that a model ships with: all pairs of LFW, on halves without a common person.

    uv run benchmarks/lfw_operating_points.py --images ../shared/data/lfw            # print
    uv run benchmarks/lfw_operating_points.py --images ../shared/data/lfw --write    # and keep them

Every picture of Labeled Faces in the Wild is embedded (a second run finds the embeddings in the
cache) and the people are split in two. Thresholds are chosen on all pairs of one half and measured on
all pairs of the other; then the same the other way round, and for more splits how often the measured
interval holds the rate that was aimed at. The same data give the same points on every machine whose
embeddings agree.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facenet_app.bootstrap import open_extractor
from facenet_app.domain import OperatingPoint, Rate
from facenet_app.evaluation.cache import open_cache
from facenet_app.evaluation.calibration import RATES, Provenance, calibrate
from facenet_app.evaluation.embedded import SELECTION, EmbeddedPictures, embed_pictures
from facenet_app.evaluation.labelled import LabelledPictures, read_folders
from facenet_app.settings import Settings, load_settings
from facenet_app.weights.manifest import models_folder

DATASET = "Labeled Faces in the Wild"


def embed(settings: Settings, images: Path) -> tuple[LabelledPictures, EmbeddedPictures]:
    pictures = read_folders(images)
    extractor = open_extractor(settings)
    cache = open_cache(settings, extractor.fingerprint, extractor.detector.name, SELECTION)
    return pictures, embed_pictures(extractor, pictures.paths, cache)


def shown(rate: Rate | None) -> str:
    assert rate is not None
    return f"{rate.value:.3g} [{rate.low:.3g}, {rate.high:.3g}] {rate.errors:,}/{rate.trials:,}"


def keeps(point: OperatingPoint) -> bool:
    """Whether the interval of the measured FMR holds the FMR that was aimed at, or is all below it."""
    assert point.fmr is not None
    assert point.target_fmr is not None
    return point.fmr.low <= point.target_fmr


def show(title: str, points: tuple[OperatingPoint, ...]) -> None:
    print(f"{title}: {points[0].people:,} people, {points[0].pictures:,} pictures measured")
    print("| target FMR | threshold | FMR on the other half | | FNMR |")
    print("|---|---|---|---|---|")
    for point in reversed(points):
        kept = "kept" if keeps(point) else "EXCEEDED"
        print(
            f"| {point.target_fmr:g} | {point.threshold:.4f} | {shown(point.fmr)} | {kept} | "
            f"{shown(point.fnmr)} |"
        )


def show_other_splits(
    vectors: NDArray[np.float32], identities: NDArray[np.int64], provenance: Provenance, splits: int
) -> None:
    found: dict[float, list[OperatingPoint]] = {rate: [] for rate in RATES}
    for seed in range(1, splits + 1):
        calibration = calibrate(vectors, identities, RATES, provenance, seed=seed)
        for point in (*calibration.points, *calibration.swapped):
            assert point.target_fmr is not None
            found[point.target_fmr].append(point)
    print(f"{splits} other splits, both ways: measured FMR over target, median (least to most), and kept in")
    for rate, points in found.items():
        ratios = np.array([point.fmr.value / rate for point in points if point.fmr])
        thresholds = np.array([point.threshold for point in points])
        print(
            f"| {rate:g} | {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}) | "
            f"thresholds {thresholds.min():.4f} to {thresholds.max():.4f} | "
            f"{sum(map(keeps, points))} of {len(points)} |"
        )


def write_points(model: str, points: tuple[OperatingPoint, ...]) -> None:
    """Replace the manifest's points of this fingerprint.

    Those of its variants ("…-mirror") stay; those of other weights or preprocessing mean nothing any more.
    """
    path = models_folder() / model / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    mine = points[0].fingerprint
    base = mine.partition("-")[0]
    kept = [
        each
        for each in manifest["operating_points"]
        if each["fingerprint"] != mine and each["fingerprint"].partition("-")[0] == base
    ]
    manifest["operating_points"] = kept + [point.to_dict() for point in points]
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--images", type=Path, required=True, help="LFW's folder, with images/ in it")
    parser.add_argument("--model", default=None)
    parser.add_argument("--mirror", action="store_true", help="average with the mirrored crop")
    parser.add_argument("--seed", type=int, default=0, help="of the split whose points are kept")
    parser.add_argument("--splits", type=int, default=0, help="try this many other splits as well")
    parser.add_argument("--date", default=None, help="of the measurement (ISO 8601); today by default")
    parser.add_argument("--write", action="store_true", help="keep the points in the manifest")
    arguments = parser.parse_args()

    settings = load_settings(model=arguments.model, mirror=arguments.mirror or None)
    pictures, embedded = embed(settings, arguments.images / "images")
    found = embedded.found
    vectors, identities = embedded.vectors[found], pictures.identities[found]
    print(f"{embedded.model}, {embedded.detector}, {embedded.fingerprint}")
    print(f"{found.size:,} pictures of {len(pictures.people):,} people, no face in {len(embedded.failures)}")
    date = arguments.date or datetime.now(UTC).date().isoformat()
    provenance = Provenance(embedded.fingerprint, embedded.detector, DATASET, date)
    calibration = calibrate(vectors, identities, RATES, provenance, seed=arguments.seed)
    show("thresholds of the first half", calibration.points)
    show("thresholds of the second half", calibration.swapped)
    if arguments.splits:
        show_other_splits(vectors, identities, provenance, arguments.splits)
    if arguments.write:
        write_points(settings.model, calibration.points)


if __name__ == "__main__":
    main()
