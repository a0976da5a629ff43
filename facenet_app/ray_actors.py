"""Many portions of work on the machines of a Ray cluster, with the results in order.

Ray (https://docs.ray.io) schedules, starts actors again when a machine is lost, and repeats what they
were at; it is an optional extra of the package.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, TypeVar

from facenet_app.errors import FacenetAppError, UsageError
from facenet_app.processes import in_order

__all__ = ["Cluster", "on_ray", "require_ray"]

AHEAD = 3
"""Portions that wait for each actor."""
ATTEMPTS = 3
"""How often an actor is started again, and a portion given out again."""

_SETTINGS: Final = {
    # It would report them over the network.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Under `uv run` it would send the folder that the command was called in to every machine, pictures and
    # all, and install all packages there anew, which takes a minute even on this one.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
"""What Ray does not do unless the user's environment says so. It reads this when it is imported."""

Portion = TypeVar("Portion")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the work is done.

    Attributes:
        address: of the cluster, "auto", "local", or "" for Ray's own search (RAY_ADDRESS, a cluster of
            this machine, else one started for the occasion).
        workers: actors; 0 or too many = one for each processor core (or GPU) of the cluster.
        gpus: GPUs that an actor needs.
    """

    address: str = ""
    workers: int = 0
    gpus: int = 0


class Worker:
    """What an actor does."""

    def __init__(self, begin: Callable[[], Callable[[Any], Any]]) -> None:
        self._begin = begin
        self._work: Callable[[Any], Any] | None = None

    def work(self, portion: Any) -> Any:
        """The result of one portion."""
        if self._work is None:  # not when the actor starts: errors would not reach the caller from there
            from facenet_app.imaging.threads import use_threads

            use_threads(1)
            self._work = self._begin()
        return self._work(portion)


def require_ray() -> None:
    """Do nothing if Ray is installed.

    Raises:
        UsageError: it is not.
    """
    if find_spec("ray") is None:
        raise UsageError(
            "Ray is not installed, so the work cannot be spread over machines",
            "install it with `uv sync --extra ray`, or leave --ray out",
        )


def on_ray(
    begin: Callable[[], Callable[[Portion], Result]], portions: Iterable[Portion], cluster: Cluster
) -> Iterator[Result]:
    """The result of each portion, in order; see :func:`facenet_app.processes.in_processes`.

    Raises:
        UsageError: Ray is not installed, or there is no such cluster.
        FacenetAppError: the cluster failed more often than Ray makes up for, or what a worker raised.
    """
    require_ray()
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    from ray.exceptions import RayError
    from ray.util import ActorPool

    with _connected(cluster.address):
        actors = _actors(begin, cluster)
        pool = ActorPool(actors)

        def submit(portion: Portion) -> Callable[[], Result]:
            pool.submit(lambda actor, value: actor.work.remote(value), portion)
            return pool.get_next  # in the order of submission

        try:
            yield from in_order(submit, portions, AHEAD * len(actors))
        except RayError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, FacenetAppError):
                raise cause from error
            raise FacenetAppError(
                f"Ray could not finish the work ({type(error).__name__})",
                "look at the cluster with `ray status`, and run the command again to go on where it stopped",
            ) from error


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """A connection for the time of the work; one that the caller has is used and left."""
    import ray

    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address=address or None, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"no Ray cluster can be reached at {address or 'RAY_ADDRESS'}",
            "start one with `ray start --head`, or give its address with --ray-address",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _actors(begin: Callable[[], Callable[[Any], Any]], cluster: Cluster) -> list[Any]:
    import ray

    there = ray.cluster_resources()  # type: ignore[no-untyped-call]  # Ray has types, but not for this
    most = max(1, int(there.get("GPU", 0) // cluster.gpus if cluster.gpus else there.get("CPU", 1)))
    kind = ray.remote(num_cpus=1, num_gpus=cluster.gpus, max_restarts=ATTEMPTS, max_task_retries=ATTEMPTS)(
        Worker
    )
    return [kind.remote(begin) for _ in range(min(cluster.workers or most, most))]
