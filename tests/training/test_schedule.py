"""Learning rates over a run, against formulas written out."""

from itertools import pairwise
from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.training.config import ScheduleConfig
from facenet_app.training.schedule import Schedule

SHAPES = st.sampled_from(["cosine", "step", "plateau", "constant"])


@given(SHAPES, st.integers(1, 40), st.integers(1, 9), st.floats(0, 0.9), st.floats(0, 1))
def test_factors_lie_between_0_and_1_and_never_rise_after_warm_up(
    shape: str, per_epoch: int, epochs: int, warm_up: float, floor: float
) -> None:
    config = ScheduleConfig.model_validate(
        {"name": shape, "warm_up": warm_up * epochs, "floor": floor, "milestones": (1, 2.5)}
    )
    schedule = Schedule(config, per_epoch, epochs)
    factors = [schedule.factor(step) for step in range(per_epoch * epochs)]
    assert all(0 <= each <= 1 for each in factors)
    assert factors[0] > 0
    warm = round(warm_up * epochs * per_epoch)
    assert factors[:warm] == [(step + 1) / warm for step in range(min(warm, len(factors)))]
    later = factors[warm:]
    assert all(one >= two for one, two in pairwise(later))


def test_cosine_goes_from_1_to_the_floor() -> None:
    schedule = Schedule(ScheduleConfig(name="cosine", warm_up=1, floor=0.1), 10, 5)
    assert [schedule.factor(step) for step in (0, 4, 9)] == [0.1, 0.5, 1.0]
    for step in (10, 17, 30, 49):
        expected = 0.1 + 0.9 * (1 + cos(pi * (step - 10) / 40)) / 2
        assert schedule.factor(step) == pytest.approx(expected)
    assert schedule.factor(50) == pytest.approx(0.1)


def test_step_multiplies_at_its_milestones() -> None:
    schedule = Schedule(ScheduleConfig(name="step", milestones=(1, 3), factor=0.5), 4, 5)
    assert [schedule.factor(step) for step in (3, 4, 11, 12, 19)] == [1, 0.5, 0.5, 0.25, 0.25]


def test_plateau_waits_and_goes_no_lower_than_the_floor() -> None:
    schedule = Schedule(ScheduleConfig(name="plateau", patience=2, factor=0.5, floor=0.2), 1, 99)
    factors = []
    for tar in (0.5, 0.6, 0.6, 0.6, 0.7, 0.6, 0.6, 0.6, 0.6):
        schedule.measured(tar)
        factors.append(schedule.factor(0))
    assert factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2]


def test_a_plateau_goes_on_from_a_checkpoint() -> None:
    one, other = (Schedule(ScheduleConfig(name="plateau", patience=3), 1, 9) for _ in range(2))
    one.measured(0.5)
    one.measured(0.4)
    other.restore(one.state())
    for schedule in (one, other):
        schedule.measured(0.4)
        schedule.measured(0.4)
    assert one.factor(0) == other.factor(0) == 0.1
