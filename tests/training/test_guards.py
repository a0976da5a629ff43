"""Guards stop runs that lead nowhere, say what they saw, and leave the others alone."""

from math import inf, nan

import pytest
from small import images

from facenet_app.dataset.labelled import subset
from facenet_app.errors import TrainingFailed, UsageError
from facenet_app.training.config import GuardConfig
from facenet_app.training.distance import Distance
from facenet_app.training.guards import (
    CollapseDetector,
    advice,
    check_finite,
    check_margin,
    check_temperature,
    refuse_leakage,
)

HEALTHY = (0.1, 1.2, 0.2, 0.5)


def detector(margin: float | None = 0.2) -> CollapseDetector:
    return CollapseDetector(GuardConfig(window=3, distance=0.05, spread=0.005), margin)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ((0.2, 0.001, 0.0001, 1.0), r"for 3 batches the mean distance of embeddings was 0\.0010"),
        ((0.2, 1.0, 0.0001, 1.0), r"all embeddings were equally far apart \(1\.000 ± 0\.0001\)"),
        ((0.2001, 0.15, 0.02, 1.0), r"the loss stood at the margin \(0\.2001 of 0\.2\)"),
    ],
)
def test_a_collapse_is_told_after_the_window(batch: tuple[float, float, float, float], words: str) -> None:
    guard = detector()
    guard.see(*batch)
    guard.see(*batch)
    with pytest.raises(TrainingFailed, match=words) as failed:
        guard.see(*batch)
    assert "try a lower rate" in failed.value.hint


def test_one_healthy_batch_ends_the_window() -> None:
    guard, bad = detector(), (0.2, 0.001, 0.0001, 1.0)
    for batch in (bad, bad, HEALTHY, bad, bad):
        guard.see(*batch)
    with pytest.raises(TrainingFailed):
        guard.see(*bad)


@pytest.mark.parametrize(
    "batch",
    [
        HEALTHY,
        (0.2, 1.2, 0.2, 1.0),  # at the margin, but far apart: the hardest triplets at the beginning
        (0.0, 1.2, 0.2, 0.0),  # nothing active: learned, not collapsed
        (0.7, 1.2, 0.2, nan),  # a loss that mines nothing
    ],
)
def test_other_batches_may_go_on(batch: tuple[float, float, float, float]) -> None:
    guard = detector()
    for _ in range(10):
        guard.see(*batch)


def test_the_window_survives_a_checkpoint() -> None:
    one, other, bad = detector(), detector(), (0.2, 0.001, 0.0001, nan)
    one.see(*bad)
    one.see(*bad)
    other.restore(one.state())
    with pytest.raises(TrainingFailed):
        other.see(*bad)


@pytest.mark.parametrize(
    ("loss", "gradient", "what"), [(nan, 1, "loss"), (1, inf, "gradient"), (inf, nan, "loss")]
)
def test_what_is_no_number_is_told_with_its_batch(loss: float, gradient: float, what: str) -> None:
    rows = list(range(100, 120))
    with pytest.raises(
        TrainingFailed, match=rf"the {what} is not a number in epoch 3, batch 17 .*100, 101, "
    ) as failed:
        check_finite(loss, gradient, "epoch 3, batch 17", rows)
    assert failed.value.rows == tuple(rows)


def test_numbers_pass() -> None:
    check_finite(0.5, 100.0, "epoch 1, batch 1", [1])


def test_little_to_learn_is_said_and_no_failure() -> None:
    assert advice(0.2) is None
    assert advice(None) is None
    said = advice(0.001)
    assert said is not None
    assert said.startswith("only 0.10% of the mined triplets had a loss")
    assert "larger margin" in said


@pytest.mark.parametrize(
    ("margin", "distance"),
    [(4.0, Distance.SQUARED), (2.0, Distance.EUCLIDEAN), (2.5, Distance.COSINE), (1e-4, Distance.SQUARED)],
)
def test_margins_that_cannot_work_are_refused(margin: float, distance: Distance) -> None:
    with pytest.raises(UsageError, match="makes no sense where distances"):
        check_margin(margin, distance)


@pytest.mark.parametrize(
    ("margin", "distance"),
    [(0.4, Distance.SQUARED), (1.99, Distance.EUCLIDEAN), (None, None), (None, Distance.COSINE)],
)
def test_margins_that_can_work_pass(margin: float | None, distance: Distance | None) -> None:
    check_margin(margin, distance)


@pytest.mark.parametrize("temperature", [1e-9, 9e-4, 21.0, 1e6])
def test_temperatures_that_cannot_work_are_refused(temperature: float) -> None:
    with pytest.raises(UsageError, match=r"temperature of .* makes no sense where distances"):
        check_temperature(temperature, Distance.COSINE)


@pytest.mark.parametrize(
    ("temperature", "distance"), [(0.07, Distance.COSINE), (1.0, Distance.SQUARED), (None, None)]
)
def test_temperatures_that_can_work_pass(temperature: float | None, distance: Distance | None) -> None:
    check_temperature(temperature, distance)


def test_people_in_both_sets_are_refused_without_naming_them() -> None:
    data = images()
    learned, held_out = subset(data, range(40)), subset(data, range(36, 64))
    with pytest.raises(UsageError, match="1 of the 7 held-out people are also learned from") as refused:
        refuse_leakage(learned, held_out)
    assert "person" not in str(refused.value)
    refuse_leakage(learned, subset(data, range(40, 64)))
