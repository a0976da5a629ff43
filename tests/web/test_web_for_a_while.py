"""What is kept for a while is let go of when its time is over, and only then."""

import threading
from collections.abc import Callable

from facenet_app.web import for_a_while
from facenet_app.web.for_a_while import ForAWhile


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.calls.append((seconds, call))

    def strike(self) -> None:
        calls, self.calls = self.calls, []
        for _, call in calls:
            call()


def test_it_is_there_until_its_time_is_over() -> None:
    clock, gone = Clock(), []
    kept = ForAWhile[str](60, gone.append, clock.later)
    first, second = kept.keep("one"), kept.keep("two")
    assert first != second
    assert [seconds for seconds, _ in clock.calls] == [60, 60]
    assert (kept.look(first), kept.look(second), kept.look("no key")) == ("one", "two", None)
    clock.strike()
    assert (kept.look(first), kept.look(second)) == (None, None)
    assert gone == ["one", "two"]


def test_what_is_dropped_is_the_callers() -> None:
    clock, gone = Clock(), []
    kept = ForAWhile[str](60, gone.append, clock.later)
    key = kept.keep("one")
    assert (kept.drop(key), kept.drop(key)) == ("one", None)
    clock.strike()
    assert gone == []


def test_the_oldest_goes_where_there_are_too_many(monkeypatch) -> None:
    monkeypatch.setattr(for_a_while, "MOST", 2)
    clock, gone = Clock(), []
    kept = ForAWhile[int](60, gone.append, clock.later)
    keys = [kept.keep(number) for number in range(3)]
    assert gone == [0]
    assert [kept.look(key) for key in keys] == [None, 1, 2]
    clock.strike()
    assert gone == [0, 1, 2]


def test_the_newest_whose_time_is_not_over() -> None:
    now = [100.0]
    kept = ForAWhile[str](60, later=lambda *_: None, clock=lambda: now[0])
    kept.keep("ann 1")
    now[0] = 130.0
    key = kept.keep("ann 2")
    kept.keep("bea 1")
    found = kept.newest(lambda each: each.startswith("ann"))
    assert found is not None
    assert (found.key, found.thing, found.until) == (key, "ann 2", 190.0)
    assert kept.newest(lambda each: each.startswith("cleo")) is None
    kept.drop(key)
    first = kept.newest(lambda each: each.startswith("ann"))
    assert first is not None
    assert first.thing == "ann 1"
    now[0] = 160.0  # nobody let go of it yet
    assert kept.newest(lambda each: each.startswith("ann")) is None


def test_the_time_runs_by_itself() -> None:
    gone = threading.Event()
    kept = ForAWhile[str](0, lambda _: gone.set())
    key = kept.keep("one")
    assert gone.wait(20)
    assert kept.look(key) is None
