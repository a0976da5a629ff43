"""What is measured of a face: on a real one, and on shapes whose answer is known."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.domain import Landmarks
from facenet_app.imaging.face_measures import clipped, foreshortening, sharpness
from facenet_app.imaging.quality_score import TERMS, lost, probability, terms
from facenet_app.service import FaceService

FRONT = np.array([[-1, 0], [1, 0], [0, 1], [-0.6, 2], [0.6, 2]], np.float32)
"""A face as wide between the eyes as the mouth is below them."""


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


@given(st.integers(0, 2**32 - 1))
def test_clipped_pixels_are_counted_in_the_middle_only(seed: int) -> None:
    levels = np.random.default_rng(seed).choice([0, 10, 11, 100, 249, 250, 255], (40, 40))
    pixels = np.repeat(levels[:, :, None], 3, axis=2).astype(np.uint8)
    middle = [int(levels[row, column]) for row in range(10, 30) for column in range(10, 30)]
    black, white = clipped(pixels)
    assert black == pytest.approx(sum(level <= 10 for level in middle) / len(middle))
    assert white == pytest.approx(sum(level >= 250 for level in middle) / len(middle))


def test_a_dark_face_is_no_clipped_one(crop: np.ndarray) -> None:
    assert sum(clipped((crop * 0.35 + 8).astype(np.uint8))) < 0.05


@given(st.floats(0.1, 100), st.floats(-180, 180), st.floats(-50, 50))
def test_size_roll_and_place_do_not_change_the_pose(scale: float, roll: float, shift: float) -> None:
    turn = np.radians(roll)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (FRONT @ rotation.T * scale + shift).astype(np.float32)
    assert foreshortening(Landmarks(points)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("angle", [20, 40, 60])
def test_turning_and_nodding_foreshorten_alike(angle: float) -> None:
    short = math.cos(math.radians(angle))
    turned = foreshortening(Landmarks(FRONT * np.array([short, 1], np.float32)))
    nodding = foreshortening(Landmarks(FRONT * np.array([1, short], np.float32)))
    assert turned == pytest.approx(-math.log(short), rel=1e-4)
    assert nodding == pytest.approx(turned, rel=1e-4)


def test_landmarks_on_one_spot_have_a_pose_too() -> None:
    assert foreshortening(Landmarks(np.zeros((5, 2), np.float32))) == 0
    eyes_together = FRONT * np.array([0, 1], np.float32)
    assert foreshortening(Landmarks(eyes_together)) == 3


measurements = {
    "sharpness": st.floats(0, 100),
    "detector_score": st.floats(0, 1),
    "exposure": st.floats(0, 1),
    "pose": st.floats(0, 3),
}


@given(st.fixed_dictionaries(measurements), st.fixed_dictionaries(measurements))
def test_better_in_everything_is_never_a_lower_score(one: dict[str, float], other: dict[str, float]) -> None:
    better = {name: max(one[name], other[name]) for name in one} | {"pose": min(one["pose"], other["pose"])}
    worse = {name: min(one[name], other[name]) for name in one} | {"pose": max(one["pose"], other["pose"])}
    assert 0 < probability(terms(**worse)) <= probability(terms(**better)) < 1


@given(st.fixed_dictionaries(measurements))
def test_what_a_score_lost_adds_up_to_the_best_one(measured: dict[str, float]) -> None:
    def logit(share: float) -> float:
        return math.log(share / (1 - share))

    best = terms(sharpness=100, detector_score=1, exposure=1, pose=0)
    losses = lost(terms(**measured))
    assert set(losses) == set(TERMS)
    assert min(losses.values()) >= 0
    assert list(losses.values()) == sorted(losses.values(), reverse=True)
    expected = logit(probability(best)) - logit(probability(terms(**measured)))
    assert sum(losses.values()) == pytest.approx(expected, abs=1e-9)
