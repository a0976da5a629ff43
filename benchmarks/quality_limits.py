"""Where a face picture becomes too poor: error rates of pairs whose probe was made worse.

    uv run benchmarks/quality_limits.py --images ../shared/data/lfw --threshold 1.131

Pairs of LFW's pairsDevTest whose pictures show one face each. The probe's aligned crop is blurred, or
shrunk and enlarged again as if the face had fewer pixels; the reference is left alone. Writes the
table of docs/quality.md.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Extraction, FaceCrop
from facenet_app.evaluation.lfw import read_pairs
from facenet_app.imaging.align import FIVE_POINTS_112
from facenet_app.imaging.face_measures import sharpness
from facenet_app.service import FaceService

Pixels = NDArray[np.uint8]
CROP_EYES = float(np.linalg.norm(FIVE_POINTS_112[1] - FIVE_POINTS_112[0]))


def blurred(crop: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8)


def with_eyes_apart(crop: Pixels, eyes: int) -> Pixels:
    side = round(crop.shape[0] * eyes / CROP_EYES)
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, crop.shape[:2], interpolation=cv2.INTER_LINEAR), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder with images/ and pairsDevTest.txt")
    parser.add_argument("--threshold", type=float, required=True, help="distance at which errors are counted")
    arguments = parser.parse_args()

    extractor = FaceService.open().extractor
    pairs = read_pairs(arguments.images / "pairsDevTest.txt")
    pictures = sorted({picture for pair in pairs for picture in (pair.probe, pair.reference)})
    outcomes = extractor.extract_many(arguments.images / "images" / picture for picture in pictures)
    single = {
        picture: outcome.face
        for picture, outcome in zip(pictures, outcomes, strict=True)
        if isinstance(outcome, Extraction) and outcome.found == 1
    }
    pairs = [pair for pair in pairs if pair.probe in single and pair.reference in single]
    mated = np.array([pair.mated for pair in pairs])
    references = np.stack([single[pair.reference].embedding.vector for pair in pairs])
    print(f"{mated.sum()} mated and {(~mated).sum()} non-mated pairs\n")

    changes: dict[str, Callable[[Pixels], Pixels]] = {f"as it is, eyes {CROP_EYES:.0f} px": lambda crop: crop}
    changes |= {f"blur, sigma {sigma}": partial(blurred, sigma=sigma) for sigma in (1, 2, 3, 4, 6)}
    changes |= {
        f"eyes {eyes} px apart": partial(with_eyes_apart, eyes=eyes) for eyes in (20, 15, 12, 10, 8, 6, 5, 4)
    }
    print("| probe | FNMR | FMR | sharpness, median (1 … 99 %) |\n|---|---|---|---|")
    for name, change in changes.items():
        crops = [change(single[pair.probe].crop.pixels) for pair in pairs]
        probes = extractor.embedder.vectors([FaceCrop(crop, extractor.embedder.alignment) for crop in crops])
        distances = np.linalg.norm(probes - references, axis=1)
        fnmr = np.mean(distances[mated] > arguments.threshold)
        fmr = np.mean(distances[~mated] <= arguments.threshold)
        low, median, high = np.percentile([sharpness(crop) for crop in crops], [1, 50, 99])
        print(f"| {name} | {fnmr:.3f} | {fmr:.3f} | {median:.1f} ({low:.1f} … {high:.1f}) |")


if __name__ == "__main__":
    main()
