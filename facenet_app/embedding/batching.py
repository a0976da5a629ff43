"""An engine in front of another one that runs the crops of several callers together."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facenet_app.embedding.base import Engine
from facenet_app.errors import Overloaded

__all__ = ["BatchSettings", "BatchingEngine"]

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How callers are put together.

    Attributes:
        most: crops in one run, unless a single caller brings more.
        wait: seconds for which the first caller waits for others; 0 takes who is there.
        on_batch: called with the number of crops of each run.
    """

    most: int = 8
    wait: float = 0.0
    on_batch: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    crops: NDArray[np.uint8]
    answer: "Future[Vectors]"


class BatchingEngine:
    """Runs one model for many callers; an :class:`Engine` itself.

    One thread takes the callers who wait, in order, and runs their crops as one batch. While it runs,
    the next ones gather. A batch that fails is run again one caller at a time, so that an error is
    only told to whose crops cause it.

    Args:
        engine: does the work.
        settings: see :class:`BatchSettings`.
    """

    def __init__(self, engine: Engine, settings: BatchSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="batching", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def device(self) -> str:
        return self._engine.device

    @property
    def waiting(self) -> int:
        """Callers whose crops are in no batch yet."""
        return len(self._waiting)

    def run(self, crops: NDArray[np.uint8]) -> Vectors:
        """As :meth:`Engine.run`; waits until the batch of these crops is done.

        Raises:
            Overloaded: the engine was closed.
        """
        mine = _Waiting(crops, Future())
        with self._changed:
            if self._closed:
                raise Overloaded("the server is stopping", "try again later")
            self._waiting.append(mine)
            self._changed.notify()
        return mine.answer.result()

    def warm_up(self, side: int) -> None:
        """Run the largest batch once, of crops of ``side`` pixels.

        A network takes memory for a batch when it first sees one of that size, so a server would grow for
        minutes until it has seen the largest.
        """
        self._engine.run(np.zeros((self._settings.most, side, side, 3), np.uint8))

    def close(self) -> None:
        """Finish what was taken, and take nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._gather():
            self._answer(batch)

    def _gather(self) -> list[_Waiting]:
        """The callers of the next batch, in order; none once all is done after :meth:`close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            deadline = time.monotonic() + self._settings.wait
            while not self._closed and self._gathered() < self._settings.most:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            batch: list[_Waiting] = []
            crops = 0
            while self._waiting:
                crops += len(self._waiting[0].crops)
                if batch and (crops > self._settings.most or not _alike(batch[0], self._waiting[0])):
                    break
                batch.append(self._waiting.popleft())
            return batch

    def _gathered(self) -> int:
        return sum(len(each.crops) for each in self._waiting)

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            vectors = self._run(batch)
        except Exception as error:  # noqa: BLE001 (whoever waits has to be told, whatever it is)
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
                return
            for each in batch:
                self._answer([each])
            return
        start = 0
        for each in batch:
            # A copy: else one caller's vector would keep the whole batch in memory.
            each.answer.set_result(vectors[start : start + len(each.crops)].copy())
            start += len(each.crops)

    def _run(self, batch: Sequence[_Waiting]) -> Vectors:
        crops = batch[0].crops if len(batch) == 1 else np.concatenate([each.crops for each in batch])
        if self._settings.on_batch is not None:
            self._settings.on_batch(len(crops))
        return self._engine.run(crops)


def _alike(first: _Waiting, second: _Waiting) -> bool:
    return first.crops.shape[1:] == second.crops.shape[1:] and first.crops.dtype == second.crops.dtype
