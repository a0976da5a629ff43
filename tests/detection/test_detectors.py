"""Both detectors on real faces: where, how many, at every size, and again before giving up."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facenet_app.bootstrap import open_detector
from facenet_app.detection.base import FaceDetector
from facenet_app.domain import DetectedFace
from facenet_app.settings import load_settings
from facenet_app.weights.manifest import load_manifest


def pixels_of(path: Path, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        rgb = picture.convert("RGB")
        return np.array(rgb.resize(size, Image.Resampling.LANCZOS) if size else rgb)


def detector_with(name: str, **settings: object) -> FaceDetector:
    return open_detector(load_manifest("sface"), load_settings(detector=name, **settings))


@pytest.fixture(scope="module", params=["yunet", "mtcnn"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    return detector_with(request.param)


def assert_same_place(face: DetectedFace, points: list[tuple[float, float]], scale: float = 1) -> None:
    """Within 15 % of the distance between the eyes, at every landmark."""
    allowed = 0.15 * face.landmarks.eye_distance
    np.testing.assert_allclose(face.landmarks.points, np.array(points) * scale, atol=allowed)


# Read off the picture by eye: viewer's left eye, right eye, nose, corners of the mouth.
HOPPER = [(228, 193), (308, 195), (267, 239), (230, 268), (301, 270)]


def test_landmarks_are_where_a_person_sees_them(detector: FaceDetector, hopper: Path) -> None:
    (face,) = detector.detect(pixels_of(hopper))
    assert_same_place(face, HOPPER)
    assert face.box.left < 228
    assert face.box.right > 308
    assert 0.9 < face.score <= 1


@pytest.mark.parametrize("scale", [0.4, 1.7, 5])
def test_the_same_face_at_other_sizes(detector: FaceDetector, hopper: Path, scale: float) -> None:
    found = detector.detect(pixels_of(hopper, (round(512 * scale), round(600 * scale))))
    assert_same_place(max(found, key=lambda face: face.box.area), HOPPER, scale)


def test_several_faces(detector: FaceDetector, hopper: Path, astronaut: Path) -> None:
    side_by_side = np.hstack([pixels_of(hopper), pixels_of(astronaut, (600, 600))])
    centers = sorted(face.box.center[0] for face in detector.detect(side_by_side))
    assert len(centers) == 2
    assert centers[0] < 512 < centers[1]


def test_no_face(detector: FaceDetector) -> None:
    sky = np.linspace(90, 220, 300).astype(np.uint8)
    assert detector.detect(np.repeat(sky[:, None, None], 300, 1).repeat(3, 2).copy()) == []
    assert detector.detect(np.zeros((1, 1, 3), np.uint8)) == []
    assert detector.detect(np.zeros((3, 900, 3), np.uint8)) == []


def test_a_face_that_fills_the_picture_and_is_cut_by_it(detector: FaceDetector, hopper: Path) -> None:
    tight = pixels_of(hopper)[150:300, 205:335]
    large = np.array(Image.fromarray(tight).resize((1300, 1500), Image.Resampling.BICUBIC))
    for crop, scale in ((np.ascontiguousarray(tight), 1), (large, 10)):
        (face, *_) = detector.detect(crop)
        expected = [((x - 205) * scale, (y - 150) * scale) for x, y in HOPPER]
        assert_same_place(face, expected)


def test_the_smallest_face_is_a_setting(hopper: Path) -> None:
    canvas = np.full((2400, 3200, 3), 128, np.uint8)
    canvas[100:200, 100:185] = pixels_of(hopper, (85, 100))  # a face of 35 pixels
    assert detector_with("yunet").detect(canvas) == []
    (face,) = detector_with("yunet", smallest_face=24).detect(canvas)
    assert face.box.center == pytest.approx((100 + 267 * 85 / 512, 100 + 226 / 6), abs=6)


def test_smaller_faces_than_asked_for_are_ignored(hopper: Path) -> None:
    pixels = pixels_of(hopper)
    assert detector_with("yunet", smallest_face=150).detect(pixels)
    assert detector_with("yunet", smallest_face=400).detect(pixels) == []
    assert detector_with("yunet", smallest_face=20_000).detect(pixels) == []


def test_threads_get_what_one_thread_gets(hopper: Path, astronaut: Path) -> None:
    detector = detector_with("yunet")
    pictures = [pixels_of(hopper), pixels_of(astronaut), pixels_of(hopper, (256, 300))] * 6
    expected = [detector.detect(picture)[0].to_dict() for picture in pictures]
    with ThreadPoolExecutor(6) as pool:
        assert [faces[0].to_dict() for faces in pool.map(detector.detect, pictures)] == expected
