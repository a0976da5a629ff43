"""Cutting many pictures in several processes, in order and with little memory."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from facenet_app.dataset.cut import Cutter, PackedPicture, Refused, cut_file
from facenet_app.dataset.square import SIDES
from facenet_app.errors import FacenetAppError, UsageError
from facenet_app.weights.manifest import PIPELINE

__all__ = ["Work", "cut_files"]

AHEAD = 3
"""Portions that wait for each worker, so that none is idle while results are written."""

Outcomes = list[PackedPicture | Refused]


@dataclass(frozen=True, slots=True)
class Work:
    """How to cut.

    Attributes:
        open_cutter: called once in each process, so it has to be something that can be sent there.
        alignment: of the squares; ``side`` is their height and width in pixels.
        lossless: PNG instead of JPEG of quality 95: three times the bytes.
        settings: by name, all else that decides about the squares.
    """

    open_cutter: Callable[[], Cutter]
    alignment: str
    side: int
    lossless: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.side not in SIDES:
            raise UsageError(
                f"pictures of {self.side} × {self.side} pixels cannot be packed", "give 16 to 2048"
            )

    def described(self) -> dict[str, Any]:
        """Everything that decides about the squares, by name."""
        return {
            **self.settings,
            "alignment": self.alignment,
            "side": self.side,
            "lossless": self.lossless,
            "pipeline": PIPELINE,
        }


def cut_files(work: Work, portions: Iterable[Sequence[Path]], workers: int) -> Iterator[Outcomes]:
    """The outcomes of each portion of files, in order.

    With one worker everything happens in this process.

    Raises:
        FacenetAppError: a worker ended before its work was done, or could not begin it.
    """
    if workers == 1:
        cutter = work.open_cutter()
        for portion in portions:
            yield [cut_file(cutter, path, lossless=work.lossless) for path in portion]
        return
    # Not forked: OpenCV's and PyTorch's threads would not be there in the copies.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (work,))
    waiting = iter(portions)
    queue: deque[Future[Outcomes]] = deque()
    try:
        while True:
            for portion in islice(waiting, AHEAD * workers - len(queue)):
                queue.append(pool.submit(_cut, portion))
            if not queue:
                return
            yield queue.popleft().result()
    except BrokenProcessPool as error:
        raise FacenetAppError(
            "a worker process ended before its work was done (out of memory?)",
            "run the command again to go on where it stopped, with fewer --workers",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a worker process keeps between portions."""

    work: Work
    cutter: Cutter | None = None


def _start(work: Work) -> None:
    from facenet_app.imaging.threads import use_threads

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    use_threads(1)
    _Worker.work = work


def _end_with_parent() -> None:
    """A parent that is killed cannot stop its workers: they would wait for ever."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _cut(portion: Sequence[Path]) -> Outcomes:
    work = _Worker.work
    if _Worker.cutter is None:  # not when the process starts: errors would not reach the parent from there
        _Worker.cutter = work.open_cutter()
    return [cut_file(_Worker.cutter, path, lossless=work.lossless) for path in portion]
