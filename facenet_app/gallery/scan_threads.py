"""Looking through several sets of references at a time."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

__all__ = ["in_threads"]

Result = TypeVar("Result")


def in_threads(jobs: Sequence[Callable[[], Result]], long: Sequence[bool]) -> list[Result]:
    """What each of the jobs gives, in their order.

    Those that are ``long`` share as many threads as OpenMP may use (``OMP_NUM_THREADS``). FAISS needs one
    thread for one face, but waits for all of OpenMP's, which takes long on a busy machine: so these have
    only one each, also if there is only one job.
    """
    if not any(long):
        return [job() for job in jobs]
    pool = _pool(os.getpid())
    waiting = [pool.submit(job) if is_long else None for job, is_long in zip(jobs, long, strict=True)]
    return [job() if future is None else future.result() for job, future in zip(jobs, waiting, strict=True)]


@cache
def _pool(_process: int) -> ThreadPoolExecutor:
    """One for the process; a forked one has no threads of its parent's, so it makes its own."""
    import faiss

    threads = faiss.omp_get_max_threads()
    return ThreadPoolExecutor(threads, "search", initializer=faiss.omp_set_num_threads, initargs=(1,))
