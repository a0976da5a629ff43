"""Thresholds chosen on some people keep their rates for others."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facenet_app.domain import HALF_MARK, OperatingPoint, Rate
from facenet_app.errors import InvalidThreshold, UsageError
from facenet_app.evaluation.calibration import RATES, Calibration, Provenance, calibrate, supported
from facenet_app.evaluation.halves import split_people
from facenet_app.weights.manifest import load_manifest

MADE_UP = Provenance("f", "yunet", "made up", "2026-11-21")


def faces(people: int, pictures: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors that scatter around each person's own."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), pictures)
    vectors = random.normal(size=(people, 24))[who] + 0.5 * random.normal(size=(who.size, 24))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), who


@pytest.fixture(scope="module")
def measured() -> Calibration:
    return calibrate(*faces(400, 4), (1e-2, 1e-3, 1e-4), MADE_UP)


def rate_of(rate: Rate | None) -> Rate:
    assert rate is not None
    return rate


def test_the_strictest_comes_first_and_all_is_told(measured: Calibration) -> None:
    for points in (measured.points, measured.swapped):
        assert [point.target_fmr for point in points] == [1e-4, 1e-3, 1e-2]
        assert sorted(point.threshold for point in points) == [point.threshold for point in points]
        misses = [rate_of(point.fnmr).value for point in points]
        assert sorted(misses, reverse=True) == misses
    point = measured.points[0]
    assert (point.fingerprint, point.detector, point.dataset) == ("f", "yunet", "made up")
    assert (point.measured_on, point.people, point.pictures) == ("2026-11-21", 200, 800)
    assert "at most 4 of a person" in point.protocol
    assert rate_of(point.fmr).trials == 800 * 799 // 2 - 200 * 6
    assert rate_of(point.fnmr).trials == 200 * 6


def test_rates_for_people_the_threshold_was_not_chosen_on(measured: Calibration) -> None:
    for point in (*measured.points, *measured.swapped):
        assert point.target_fmr is not None
        fmr = rate_of(point.fmr)
        assert fmr.low <= point.target_fmr <= fmr.high
        assert fmr.low <= fmr.value <= fmr.high


def test_against_a_slow_loop() -> None:
    vectors, who = faces(12, 3)
    points = calibrate(vectors, who, [0.1], MADE_UP)
    first = split_people(who, 0)
    for (point,), chosen, other in (
        (points.points, first, ~first),
        (points.swapped, ~first, first),
    ):
        for rows, exact in ((chosen, False), (other, True)):
            mated, non_mated = distances(vectors[rows], who[rows])
            passing = sum(distance <= point.threshold for distance in non_mated)
            if exact:
                fmr, fnmr = rate_of(point.fmr), rate_of(point.fnmr)
                assert (fmr.errors, fmr.trials) == (passing, len(non_mated))
                assert fnmr.errors == sum(distance > point.threshold for distance in mated)
                assert fnmr.trials == len(mated)
            else:
                assert passing == len(non_mated) // 10


def distances(vectors: NDArray[np.float32], who: NDArray[np.int64]) -> tuple[list[float], list[float]]:
    both: tuple[list[float], list[float]] = [], []
    for i in range(len(who)):
        for j in range(i):
            apart = np.linalg.norm(vectors[i].astype(np.float64) - vectors[j].astype(np.float64))
            both[int(who[i] != who[j])].append(float(apart))
    return both


def test_the_same_seed_gives_the_same_points() -> None:
    data = faces(30, 3)
    assert calibrate(*data, [0.05], MADE_UP, seed=3) == calibrate(*data, [0.05], MADE_UP, seed=3)
    assert calibrate(*data, [0.05], MADE_UP, seed=3) != calibrate(*data, [0.05], MADE_UP, seed=4)


def test_one_person_with_most_of_the_pictures_does_not_decide() -> None:
    vectors, who = faces(60, 2)
    many, _ = faces(1, 300, seed=9)
    calibration = calibrate(np.concatenate([vectors, many]), np.r_[who, np.full(300, 60)], [0.01], MADE_UP)
    assert {point.pictures for point in (*calibration.points, *calibration.swapped)} == {60, 70}


def test_a_rate_that_the_data_cannot_support_is_refused() -> None:
    data = faces(20, 3)  # halves of 30 pictures: 435 pairs, 30 of them mated
    with pytest.raises(UsageError) as refused:
        calibrate(*data, [1e-2, 1e-6], MADE_UP)
    assert refused.value.message == (
        "insufficient data: 1e-06 needs at least 1,000,000 non-mated pairs in each half of the people, "
        "you have 405"
    )
    assert "about 2,829 in all" in refused.value.hint
    assert [point.target_fmr for point in calibrate(*data, [1 / 405], MADE_UP).points] == [1 / 405]
    with pytest.raises(UsageError, match="at least 406 non-mated pairs"):
        calibrate(*data, [1 / 405.5], MADE_UP)


def test_if_nobody_asks_what_the_data_support_is_measured() -> None:
    assert [point.target_fmr for point in calibrate(*faces(20, 3), [], MADE_UP).points] == [1e-2]
    with pytest.raises(UsageError, match=r"0\.01 needs at least 100 non-mated pairs"):
        calibrate(*faces(6, 2), [], MADE_UP)
    assert supported(RATES, 10_000) == [1e-2, 1e-3, 1e-4]


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_impossible_rates(rate: float) -> None:
    with pytest.raises(InvalidThreshold):
        calibrate(*faces(6, 2), [rate], MADE_UP)


def test_two_people_are_not_enough() -> None:
    with pytest.raises(UsageError, match="you have 0"):
        calibrate(*faces(2, 5), [0.1], MADE_UP)


def shipped(mark: str) -> list[OperatingPoint]:
    manifest = load_manifest("sface")
    fingerprint = manifest.fingerprint(str(manifest.source.sha256)) + mark
    return [point for point in manifest.operating_points if point.fingerprint == fingerprint]


@pytest.mark.parametrize("mark", ["", HALF_MARK])
def test_the_default_model_ships_points_that_held_on_the_other_half(mark: str) -> None:
    points = shipped(mark)
    assert [point.target_fmr for point in points] == [1e-5, 1e-4, 1e-3, 1e-2]
    assert sorted(point.threshold for point in points) == [point.threshold for point in points]
    for point in points:
        assert point.target_fmr is not None
        fmr, fnmr = rate_of(point.fmr), rate_of(point.fnmr)
        assert fmr.low <= point.target_fmr <= fmr.high
        assert fmr.errors >= 30
        assert fnmr.low <= fnmr.value <= fnmr.high
        assert "one half of the people" in point.protocol
