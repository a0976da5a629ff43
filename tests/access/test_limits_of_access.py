"""Rates and locks, with a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from facenet_app.access.rate import MOST_REMEMBERED, RateLimit
from facenet_app.access.users import FIRST_LOCK, LONGEST_LOCK, MISTAKES_ALLOWED, Lockout


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 3), max_size=60), st.floats(0.1, 5), st.integers(1, 5))
def test_no_more_than_the_burst_and_what_came_in_since(steps: list[float], rate: float, burst: int) -> None:
    clock = Clock()
    limit = RateLimit(rate, burst, clock)
    allowed: list[float] = []
    for step in steps:
        clock.now += step
        expected = limit.wait("a")
        wait = limit.take("a")
        assert wait == expected
        if not wait:
            allowed.append(clock.now)
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            assert last - first + 1 <= burst + (allowed[last] - allowed[first]) * rate + 1e-6


def test_after_the_wait_the_next_one_may() -> None:
    clock = Clock()
    limit = RateLimit(2, 1, clock)
    assert limit.take("a") == 0
    assert limit.take("a") == 0.5
    assert limit.take("b") == 0
    clock.now += 0.5
    assert limit.take("a") == 0


def test_names_are_not_remembered_for_ever() -> None:
    limit = RateLimit(1, 1, Clock())
    for number in range(MOST_REMEMBERED + 5):
        limit.take(str(number))
    assert limit.take("0") == 0
    assert limit.take(str(MOST_REMEMBERED)) > 0


def test_a_name_is_locked_after_mistakes_for_longer_and_longer() -> None:
    clock = Clock()
    lockout = Lockout(clock)
    for _ in range(MISTAKES_ALLOWED):
        assert not lockout.is_locked("ada")
        lockout.note("ada", right=False)
    assert lockout.is_locked("ada")
    assert not lockout.is_locked("bob")
    clock.now += FIRST_LOCK
    assert not lockout.is_locked("ada")
    lockout.note("ada", right=False)
    clock.now += FIRST_LOCK
    assert lockout.is_locked("ada")
    clock.now += FIRST_LOCK
    assert not lockout.is_locked("ada")
    for _ in range(50):
        lockout.note("ada", right=False)
    clock.now += LONGEST_LOCK
    assert not lockout.is_locked("ada")


def test_a_right_password_forgives() -> None:
    lockout = Lockout(Clock())
    for _ in range(3 * MISTAKES_ALLOWED):
        lockout.note("ada", right=False)
        lockout.note("ada", right=True)
    assert not lockout.is_locked("ada")
