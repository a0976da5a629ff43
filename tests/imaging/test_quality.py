"""Quality: what makes a face too poor, on real faces made worse."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facenet_app.domain import Quality
from facenet_app.imaging.decode import ImageLimits, decode
from facenet_app.imaging.quality import ADVICE, QualityLimits, assess
from facenet_app.service import FaceService

LIMITS = QualityLimits(min_eye_distance=12, min_sharpness=5.5, min_score=0.7)
PIXELS = ImageLimits(max_bytes=10_000_000, max_pixels=10_000_000)


@pytest.fixture(scope="module")
def photo(hopper: Path) -> np.ndarray:
    return decode(hopper, PIXELS)


def quality(verifier: FaceService, pixels: np.ndarray) -> Quality:
    found = verifier.extractor.extract(np.clip(pixels, 0, 255).astype(np.uint8)).face
    return assess(found.face, found.crop, LIMITS)


def test_good_pictures_pass_with_room(verifier: FaceService, astronaut: Path, hopper: Path) -> None:
    for path in (astronaut, hopper):
        good = quality(verifier, decode(path, PIXELS))
        assert good.usable
        assert good.score is not None
        assert good.score > 0.97


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: cv2.GaussianBlur(p, (0, 0), 8), "face_blurred"),
        (lambda p: cv2.resize(p, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA), "face_too_small"),
        (lambda p: p * 0.05, "face_too_dark"),
        (lambda p: p.astype(np.float32) * 5, "face_too_bright"),
    ],
    ids=["blur", "small", "dark", "bright"],
)
def test_each_fault_has_its_reason(verifier: FaceService, photo: np.ndarray, change, reason: str) -> None:
    poor = quality(verifier, change(photo))
    assert poor.reasons[0] == reason
    assert all(code in ADVICE for code in poor.reasons)


def test_worse_and_worse_lowers_the_score(verifier: FaceService, photo: np.ndarray) -> None:
    for faults in (
        [cv2.GaussianBlur(photo, (0, 0), sigma) for sigma in (4, 8, 12)],
        [photo.astype(np.float32) * gain for gain in (3, 5, 8)],
    ):
        scores = [quality(verifier, each).score for each in (photo, *faults)]
        assert scores == sorted(scores, key=lambda score: -(score or 0))
        assert len(set(scores)) == len(scores)


def test_limits_of_size_and_sharpness_hold_whatever_the_score(verifier: FaceService, hopper: Path) -> None:
    found = verifier.extractor.extract(hopper).face
    strict = assess(found.face, found.crop, QualityLimits(min_eye_distance=500, min_sharpness=500))
    assert strict.reasons == ("face_too_small", "face_blurred")
    assert strict.score == found.quality.score


def test_without_another_reason_the_face_is_unclear(verifier: FaceService, hopper: Path) -> None:
    found = verifier.extractor.extract(hopper).face
    assert assess(found.face, found.crop, QualityLimits(0, 0, min_score=1)).reasons == ("face_unclear",)


def test_a_poor_picture_is_refused_at_enrollment_and_reviewed_at_verification(
    service: FaceService, photo: np.ndarray, hopper: Path
) -> None:
    glaring = np.clip(photo.astype(np.float32) * 5, 0, 255).astype(np.uint8)
    refused = service.enroll("Grace Hopper", [glaring])
    assert [each.reasons for each in refused.refused] == [("face_too_bright",)]
    assert service.verify(glaring, hopper).decision == "review"
    lenient = FaceService.open(gallery=service.gallery.path, min_quality=0)
    assert lenient.verify(glaring, hopper).decision != "review"
