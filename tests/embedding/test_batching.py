"""Crops of many callers in one run: everybody gets their own vectors, and their own errors."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.embedding.batching import BatchingEngine, BatchSettings
from facenet_app.errors import Overloaded


class Summing:
    """An engine whose vectors tell which crop they are of; it waits at a gate if there is one."""

    name, device = "summing", "cpu"

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.gate = gate
        self.entered = threading.Event()
        self.runs: list[int] = []

    def run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.runs.append(len(crops))
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        if (crops == 255).any():
            raise ValueError("a crop that the network does not like")
        return crops.reshape(len(crops), -1).astype(np.float32)[:, :2]


def crops(*values: int, side: int = 2) -> NDArray[np.uint8]:
    return np.stack([np.full((side, side, 3), value, np.uint8) for value in values])


def while_busy(engine: Summing, batching: BatchingEngine, calls: list[Callable[[], object]]) -> list[object]:
    """What the calls give when they gather behind a run under way. Their order is that of the list."""
    assert engine.gate is not None
    with ThreadPoolExecutor(len(calls) + 1) as pool:
        first = pool.submit(batching.run, crops(9))
        assert engine.entered.wait(20)
        futures = []
        for number, call in enumerate(calls, 1):
            futures.append(pool.submit(call))
            while batching.waiting < number:
                pass
        engine.gate.set()
        first.result(20)
        return [future.exception(20) or future.result() for future in futures]


def test_the_largest_batch_is_run_once_to_warm_up() -> None:
    engine = Summing()
    batching = BatchingEngine(engine, BatchSettings(most=3))
    batching.warm_up(side=2)
    batching.close()
    assert engine.runs == [3]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 254), min_size=1, max_size=5), min_size=1, max_size=12),
    st.integers(1, 9),
)
def test_everybody_gets_their_own_vectors(callers: list[list[int]], most: int) -> None:
    engine = Summing()
    batching = BatchingEngine(engine, BatchSettings(most))
    with ThreadPoolExecutor(len(callers)) as pool:
        answers = list(pool.map(lambda values: batching.run(crops(*values)), callers))
    batching.close()
    for values, answer in zip(callers, answers, strict=True):
        np.testing.assert_array_equal(answer[:, 0], values)
    assert sum(engine.runs) == sum(map(len, callers))


def test_who_waits_is_run_together_up_to_the_cap() -> None:
    engine = Summing(threading.Event())
    seen: list[int] = []
    batching = BatchingEngine(engine, BatchSettings(most=5, on_batch=seen.append))
    calls = [lambda n=n: batching.run(crops(*[n] * n)) for n in (2, 2, 3, 7, 1)]
    answers = while_busy(engine, batching, calls)
    batching.close()
    assert [len(answer) for answer in answers] == [2, 2, 3, 7, 1]
    assert engine.runs == seen == [1, 4, 3, 7, 1]


def test_an_error_is_told_to_whose_crops_cause_it() -> None:
    engine = Summing(threading.Event())
    batching = BatchingEngine(engine, BatchSettings(most=16))
    calls = [lambda value=value: batching.run(crops(value)) for value in (1, 255, 3)]
    good, bad, other = while_busy(engine, batching, calls)
    batching.close()
    assert good[0, 0] == 1
    assert isinstance(bad, ValueError)
    assert other[0, 0] == 3
    assert engine.runs == [1, 3, 1, 1, 1]


def test_crops_of_another_size_are_a_batch_of_their_own() -> None:
    engine = Summing(threading.Event())
    batching = BatchingEngine(engine, BatchSettings(most=16))
    calls = [lambda side=side: batching.run(crops(1, side=side)) for side in (2, 3, 3)]
    assert all(isinstance(answer, np.ndarray) for answer in while_busy(engine, batching, calls))
    batching.close()
    assert engine.runs == [1, 1, 2]


def test_a_short_wait_gathers_callers() -> None:
    engine = Summing()
    batching = BatchingEngine(engine, BatchSettings(most=2, wait=20))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda value: batching.run(crops(value)), (1, 2)))
    batching.close()
    assert engine.runs == [2]


def test_closing_finishes_what_was_taken() -> None:
    engine = Summing(threading.Event())
    batching = BatchingEngine(engine, BatchSettings(most=1, wait=20))
    with ThreadPoolExecutor(3) as pool:
        taken = [pool.submit(batching.run, crops(value)) for value in (1, 2)]
        assert engine.entered.wait(20)
        while batching.waiting < 1:
            pass
        closing = pool.submit(batching.close)
        engine.gate.set()
        assert sorted(float(future.result(20)[0, 0]) for future in taken) == [1, 2]
        closing.result(20)
    with pytest.raises(Overloaded, match="stopping"):
        batching.run(crops(1))


def test_it_is_an_engine_itself() -> None:
    batching = BatchingEngine(Summing(), BatchSettings())
    assert (batching.name, batching.device) == ("summing", "cpu")
    batching.close()
