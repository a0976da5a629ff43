"""Alignment: the transform, the template, and no aliasing however large the face is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from facenet_app.domain import BoundingBox, DetectedFace, Landmarks
from facenet_app.errors import ModelError
from facenet_app.imaging.align import FIVE_POINTS_112, align, crop_side, similarity
from facenet_app.service import FaceService


def face_at(points: np.ndarray, box: tuple[float, float, float, float] = (0, 0, 50, 50)) -> DetectedFace:
    return DetectedFace(BoundingBox(*box), Landmarks(points.astype(np.float32)), 0.9)


@given(st.floats(0.05, 20), st.floats(-3.1, 3.1), st.floats(-500, 500), st.floats(-500, 500))
def test_the_transform_finds_back_scale_rotation_and_shift(
    scale: float, angle: float, x: float, y: float
) -> None:
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = FIVE_POINTS_112 @ rotation.T + (x, y)
    transform = similarity(moved, FIVE_POINTS_112)
    np.testing.assert_allclose(moved @ transform[:, :2].T + transform[:, 2], FIVE_POINTS_112, atol=1e-6)


def test_the_transform_is_the_least_squares_one() -> None:
    rng = np.random.default_rng(0)
    source = rng.normal(50, 20, (5, 2))
    # The slow way: four unknowns, ten equations.
    rows, right = [], []
    for (x, y), (u, v) in zip(source, FIVE_POINTS_112, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        right += [u, v]
    a, b, shift_x, shift_y = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    expected = [[a, -b, shift_x], [b, a, shift_y]]
    np.testing.assert_allclose(similarity(source, FIVE_POINTS_112), expected, atol=1e-9)


def test_points_that_fall_together_do_not_divide_by_zero() -> None:
    assert np.isfinite(similarity(np.full((5, 2), 7.0), FIVE_POINTS_112)).all()


@pytest.mark.parametrize("factor", [0.5, 1, 1.9, 2, 3, 4.7, 10, 25])
def test_landmarks_land_on_the_template_at_every_size(factor: float) -> None:
    """White dots at the landmarks of a face drawn ``factor`` times as large as the crop."""
    points = FIVE_POINTS_112 * factor + 40
    canvas = np.zeros((int(112 * factor) + 80, int(112 * factor) + 90, 3), np.uint8)
    for x, y in points:
        dot = round(x * 16), round(y * 16)
        cv2.circle(canvas, dot, round(32 * max(1, factor)), (255, 255, 255), -1, cv2.LINE_AA, shift=4)
    crop = align(canvas, face_at(points), "five-point-112").pixels[:, :, 0].astype(float)
    ys, xs = np.mgrid[:112, :112]
    for x, y in FIVE_POINTS_112:
        window = np.where((abs(xs - x) < 8) & (abs(ys - y) < 8), crop, 0)
        center = (window * xs).sum() / window.sum(), (window * ys).sum() / window.sum()
        assert center == pytest.approx((x, y), abs=0.35)


def test_a_large_face_is_averaged_not_sampled() -> None:
    """A pattern too fine for the crop must come out as its mean, not as noise."""
    fine = np.zeros((1400, 1400, 3), np.uint8)
    fine[:, ::2] = 255
    crop = align(fine, face_at(FIVE_POINTS_112 * 12 + 20), "five-point-112").pixels
    assert abs(crop.astype(int) - 127).max() <= 3


def test_the_size_of_the_picture_hardly_matters(verifier: FaceService, hopper: Path) -> None:
    with Image.open(hopper) as picture:
        original = np.asarray(picture.convert("RGB"))
        large = np.asarray(picture.convert("RGB").resize((2048, 2400), Image.Resampling.BICUBIC))
    first = verifier.extractor.extract(original).face
    second = verifier.extractor.extract(large).face
    assert np.linalg.norm(first.embedding.vector - second.embedding.vector) < 0.25


def test_a_face_at_the_edge_is_filled_with_black() -> None:
    white = np.full((60, 60, 3), 255, np.uint8)
    crop = align(white, face_at(FIVE_POINTS_112 / 2 - 20), "five-point-112").pixels
    assert (crop[:30, :30] == 0).all()
    assert (crop[100:, 100:] == 255).all()


def test_a_face_wholly_outside_gives_a_black_crop() -> None:
    white = np.full((60, 60, 3), 255, np.uint8)
    crop = align(white, face_at(FIVE_POINTS_112 + 5000), "five-point-112").pixels
    assert crop.shape == (112, 112, 3)
    assert not crop.any()


def test_the_box_alignment_is_facenet_pytorchs(hopper: Path) -> None:
    from facenet_pytorch.models.utils.detect_face import extract_face

    with Image.open(hopper) as picture:
        pixels = np.array(picture.convert("RGB"))
    box = (150.3, 100.7, 420.2, 444.9)
    theirs = extract_face(pixels, list(box), image_size=160, margin=0).permute(1, 2, 0).numpy()
    ours = align(pixels, face_at(FIVE_POINTS_112, (150.3, 100.7, 420.2 - 150.3, 444.9 - 100.7)), "box-160")
    assert abs(ours.pixels.astype(int) - theirs).max() <= 1


def test_alignments_by_name() -> None:
    assert crop_side("five-point-112") == 112
    assert crop_side("box-160") == 160
    with pytest.raises(ModelError, match="five-point-112, box-160"):
        crop_side("nose-first")
