"""Many portions of work in several processes, with the results in order and little in memory."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from facenet_app.errors import FacenetAppError

__all__ = ["in_order", "in_processes", "in_threads", "usable_cores"]

AHEAD = 3
"""Portions that wait for each worker, so that none is idle while results are written."""

Portion = TypeVar("Portion")
Result = TypeVar("Result")


def usable_cores() -> int:
    """Processor cores that this process may use: those that the system tells (containers and `taskset`
    give fewer), else all.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def in_order(
    submit: Callable[[Portion], Callable[[], Result]], portions: Iterable[Portion], ahead: int
) -> Iterator[Result]:
    """The result of each portion, in order.

    Args:
        submit: begins to work on a portion, and gives what waits for the result.
        portions: taken only ``ahead`` of the results.
        ahead: how many are begun before the first result is waited for.
    """
    waiting = iter(portions)
    queue: deque[Callable[[], Result]] = deque()
    while True:
        queue.extend(map(submit, islice(waiting, ahead - len(queue))))
        if not queue:
            return
        yield queue.popleft()()


def in_threads(
    work: Callable[[Portion], Result], portions: Iterable[Portion], workers: int
) -> Iterator[Result]:
    """The result of each portion, in order, from threads of this process; see :func:`in_processes`."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield from in_order(lambda portion: pool.submit(work, portion).result, portions, AHEAD * workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def in_processes(
    begin: Callable[[], Callable[[Portion], Result]], portions: Iterable[Portion], workers: int
) -> Iterator[Result]:
    """The result of each portion, in order.

    Args:
        begin: called once in each process, before its first portion: gives what works on portions.
            Sent there, as portions and results are.
        portions: taken only as far ahead as the workers need.
        workers: processes.

    Raises:
        FacenetAppError: a worker ended before its work was done, or what it raised itself.
    """
    # Not forked: OpenCV's and PyTorch's threads would not be there in the copies.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (begin,))
    try:
        yield from in_order(lambda portion: pool.submit(_work, portion).result, portions, AHEAD * workers)
    except BrokenProcessPool as error:
        raise FacenetAppError(
            "a worker process ended before its work was done (out of memory?)",
            "run the command again to go on where it stopped, with fewer --workers",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a worker process keeps between portions."""

    begin: Callable[[], Callable[[Any], Any]]
    work: Callable[[Any], Any] | None = None


def _start(begin: Callable[[], Callable[[Any], Any]]) -> None:
    from facenet_app.imaging.threads import use_threads

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    use_threads(1)
    _Worker.begin = begin


def _end_with_parent() -> None:
    """A parent that is killed cannot stop its workers: they would wait for ever."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(portion: Any) -> Any:
    if _Worker.work is None:  # not when the process starts: errors would not reach the parent from there
        _Worker.work = _Worker.begin()
    return _Worker.work(portion)
