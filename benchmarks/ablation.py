"""What each choice in the pipeline is worth: LFW View 2 with one thing changed at a time.

    uv run benchmarks/ablation.py --images ../shared/data/lfw
    uv run benchmarks/ablation.py --images ../shared/data/lfw --only bilinear --only MTCNN

Prints the table of docs/ablation.md as it grows. Pictures are decoded and searched for faces once; each
variant aligns and embeds them again. Accuracy is View 2's (mean over ten folds and its standard error); of
pairsDevTest's 1,000 pairs, whose people are others, those right at the best threshold are counted.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from lfw import read_pairs as read_development_pairs
from lfw_view2 import View2
from numpy.typing import NDArray
from pairs_accuracy import best_threshold

from facenet_app.bootstrap import open_detector
from facenet_app.detection.select import select
from facenet_app.domain import DetectedFace, FaceCrop, Landmarks, Selection
from facenet_app.embedding.embedder import FaceEmbedder
from facenet_app.evaluation.lfw import read_pairs
from facenet_app.imaging.align import FIVE_POINTS_112, align, similarity
from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.service import FaceService
from facenet_app.settings import load_settings
from facenet_app.weights.manifest import load_manifest

Pixels = NDArray[np.uint8]
Cropper = Callable[[Pixels, DetectedFace], list[Pixels]]
ALIGNMENT = "five-point-112"


def standard(pixels: Pixels, face: DetectedFace) -> list[Pixels]:
    return [align(pixels, face, ALIGNMENT).pixels]


def mirrored(pixels: Pixels, face: DetectedFace) -> list[Pixels]:
    crop = align(pixels, face, ALIGNMENT).pixels
    return [crop, np.ascontiguousarray(crop[:, ::-1])]


def warped(
    pixels: Pixels, face: DetectedFace, *, side: int = 112, zoom: float = 1, flags: int = cv2.INTER_CUBIC
) -> Pixels:
    """A plain warp; ``side`` above 112 is averaged down to it; ``zoom`` above 1 shows less."""
    template = ((FIVE_POINTS_112 - 55.5) * zoom + 56) * side / 112 - 0.5
    matrix = similarity(face.landmarks.points.astype(np.float64), template)
    crop = cv2.warpAffine(pixels, matrix, (side, side), flags=flags)
    return np.asarray(
        crop if side == 112 else cv2.resize(crop, (112, 112), interpolation=cv2.INTER_AREA), np.uint8
    )


def bilinear_mirrored(pixels: Pixels, face: DetectedFace) -> list[Pixels]:
    crop = warped(pixels, face, flags=cv2.INTER_LINEAR)
    return [crop, np.ascontiguousarray(crop[:, ::-1])]


def several(pixels: Pixels, face: DetectedFace) -> list[Pixels]:
    crops = [warped(pixels, face, zoom=zoom) for zoom in (0.96, 1, 1.04)]
    return crops + [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]


def two_looks(first: DetectedFace, second: DetectedFace) -> DetectedFace:
    points = ((first.landmarks.points + second.landmarks.points) / 2).astype(np.float32)
    return DetectedFace(first.box, Landmarks(points), first.score)


@dataclass(frozen=True)
class Variant:
    """One row of the table."""

    name: str
    detector: str = "yunet"
    selection: Selection = Selection.PROMINENT
    crops: Cropper = standard


VARIANTS = (
    Variant("as shipped: YuNet, prominent face, bicubic"),
    Variant("the largest face", selection=Selection.LARGEST),
    Variant("the most central face", selection=Selection.MOST_CENTRAL),
    Variant("bilinear", crops=lambda p, f: [warped(p, f, flags=cv2.INTER_LINEAR)]),
    Variant("Lanczos", crops=lambda p, f: [warped(p, f, flags=cv2.INTER_LANCZOS4)]),
    Variant("warped at 336, averaged to 112", crops=lambda p, f: [warped(p, f, side=336)]),
    Variant("4 % closer", crops=lambda p, f: [warped(p, f, zoom=1.04)]),
    Variant("4 % wider", crops=lambda p, f: [warped(p, f, zoom=0.96)]),
    Variant("mirror image averaged", crops=mirrored),
    Variant("bilinear, mirror image averaged", crops=bilinear_mirrored),
    Variant("three sizes and their mirror images averaged", crops=several),
    Variant("landmarks at twice the size", detector="yunet-2x"),
    Variant("landmarks of both sizes averaged", detector="yunet-both"),
    Variant("landmarks of both sizes averaged, mirror image averaged", detector="yunet-both", crops=mirrored),
    Variant("MTCNN", detector="mtcnn"),
)


def find_faces(name: str, images: list[Pixels]) -> list[list[DetectedFace]]:
    """Faces of each picture by one of the detectors; twice the size means looking at an enlarged picture."""
    manifest = load_manifest("sface")
    if name == "yunet-2x":
        detector = open_detector(manifest, load_settings(detector="yunet"))
        return [[_halved(face) for face in detector.detect(_doubled(image))] for image in images]
    if name == "yunet-both":
        plain, large = find_faces("yunet", images), find_faces("yunet-2x", images)
        return [
            [two_looks(face, _nearest(face, others)) if others else face for face in faces]
            for faces, others in zip(plain, large, strict=True)
        ]
    detector = open_detector(manifest, load_settings(detector=name))
    return [detector.detect(image) for image in images]


def _doubled(image: Pixels) -> Pixels:
    return np.asarray(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def _halved(face: DetectedFace) -> DetectedFace:
    box = face.box
    half = type(box)(box.left / 2, box.top / 2, box.width / 2, box.height / 2)
    return DetectedFace(half, Landmarks((face.landmarks.points / 2 - 0.25).astype(np.float32)), face.score)


def _nearest(face: DetectedFace, others: list[DetectedFace]) -> DetectedFace:
    return min(others, key=lambda other: float(np.abs(other.landmarks.points - face.landmarks.points).sum()))


class Judge:
    """View 2 and pairsDevTest, for the embeddings of their pictures."""

    def __init__(self, root: Path) -> None:
        self.pairs = read_pairs(root / "pairs.txt")
        folder = root / "images"
        self.development = [
            (str(pair.probe.relative_to(folder)), str(pair.reference.relative_to(folder)))
            for pair in read_development_pairs(root)
        ]
        self.mated = np.array([pair.mated for pair in read_development_pairs(root)])
        view2 = {str(picture) for pair in self.pairs for picture in (pair.probe, pair.reference)}
        self.pictures = sorted(view2.union(*self.development))

    def cells(self, vectors: dict[str, NDArray[np.float64]]) -> str:
        """The middle of a row: View 2, TAR, pairs of pairsDevTest."""

        def apart(probe: object, reference: object) -> float:
            return float(np.linalg.norm(vectors[str(probe)] - vectors[str(reference)]))

        view = View2(self.pairs, [apart(pair.probe, pair.reference) for pair in self.pairs])
        mean, error = view.accuracy()
        everything = view.of(view.fold >= 0)
        tar = 1 - everything.fnmr(everything.threshold_at(1e-3))
        _, right = best_threshold(np.array([apart(*pair) for pair in self.development]), self.mated)
        return f"{100 * mean:.2f} ± {100 * error:.2f} % | {tar:.4f} | {right}"


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--images", type=Path, required=True, help="LFW's folder, with images/ in it")
    names = [variant.name for variant in VARIANTS]
    parser.add_argument("--only", action="append", choices=names, help="this row; may be given again")
    arguments = parser.parse_args()
    embedder = FaceService.open().extractor.embedder
    root = arguments.images.resolve()
    judge = Judge(root)
    limits = ImageLimits(max_bytes=10_000_000, max_pixels=10_000_000)
    images = [decode(root / "images" / picture, limits) for picture in judge.pictures]
    faces: dict[str, list[list[DetectedFace]]] = {}
    print("| variant | right on View 2 | TAR at FMR 1e-3 | right of pairsDevTest | seconds |")
    print("|---|---|---|---|---|")
    for variant in VARIANTS:
        if arguments.only and variant.name not in arguments.only:
            continue
        if variant.detector not in faces:
            faces[variant.detector] = find_faces(variant.detector, images)
        start = time.perf_counter()
        vectors = vectors_of(variant, images, faces[variant.detector], embedder)
        cells = judge.cells(dict(zip(judge.pictures, vectors, strict=True)))
        print(f"| {variant.name} | {cells} | {time.perf_counter() - start:.0f} |", flush=True)


def vectors_of(
    variant: Variant, images: list[Pixels], faces: list[list[DetectedFace]], embedder: FaceEmbedder
) -> list[NDArray[np.float64]]:
    """A unit vector a picture, NaN without a face; several crops are averaged and normalised again."""
    vectors = []
    for image, found in zip(images, faces, strict=True):
        if not found:
            vectors.append(np.full(128, np.nan))
            continue
        (face,), _ = select(found, variant.selection, image.shape[1], image.shape[0])
        crops = [FaceCrop(crop, ALIGNMENT) for crop in variant.crops(image, face)]
        total = embedder.vectors(crops).astype(np.float64).sum(axis=0)
        vectors.append(total / np.linalg.norm(total))
    return vectors


if __name__ == "__main__":
    main()
