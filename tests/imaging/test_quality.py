"""Quality: what makes a face too poor, on real faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facenet_app.imaging.quality import ADVICE, QualityLimits, assess, sharpness
from facenet_app.service import FaceService

LIMITS = QualityLimits(min_eye_distance=30, min_sharpness=20)


@pytest.fixture(scope="module")
def crop(verifier: FaceService, hopper: Path) -> np.ndarray:
    return verifier.extractor.extract(hopper).face.crop.pixels


def test_more_blur_is_less_sharp(crop: np.ndarray) -> None:
    values = [sharpness(crop), *(sharpness(cv2.GaussianBlur(crop, (0, 0), sigma)) for sigma in (1, 2, 4))]
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0] / 3


def test_light_and_contrast_do_not_change_it(crop: np.ndarray) -> None:
    darker = np.clip(crop * 0.6 + 20, 0, 255).astype(np.uint8)
    assert sharpness(darker) == pytest.approx(sharpness(crop), rel=0.05)


def test_a_flat_crop_is_not_sharp() -> None:
    assert sharpness(np.full((112, 112, 3), 90, np.uint8)) == 0


def test_reasons(verifier: FaceService, hopper: Path) -> None:
    found = verifier.extractor.extract(hopper).face
    assert assess(found.face, found.crop, LIMITS).usable
    strict = assess(found.face, found.crop, QualityLimits(min_eye_distance=500, min_sharpness=500))
    assert strict.reasons == ("face_too_small", "face_blurred")
    assert all(reason in ADVICE for reason in strict.reasons)
