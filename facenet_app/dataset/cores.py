"""How many processor cores this process may use."""

import os

__all__ = ["usable_cores"]


def usable_cores() -> int:
    """Those of the process where the system tells (containers and `taskset` give fewer), else all."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
