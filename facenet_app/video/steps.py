"""Long work on a video that says how far it is, and stops when nobody asks for more."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Step", "Steps", "finished"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """Seconds of the video that are done, and how many there are; None if the file does not say."""

    seconds: float
    of: float | None


Steps = Generator[Step, None, T]
"""Gives a step for each picture, and returns the result; closing it stops the work and frees everything."""


def finished(steps: Steps[T], tell: Callable[[Step], None] | None = None) -> T:
    """Run it to its end; ``tell`` hears of every step, and stops the work by raising anything."""
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            if tell is not None:
                tell(step)
