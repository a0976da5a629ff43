"""Batches read while the one before is learned from."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facenet_app.dataset.labelled import LabelledImages
from facenet_app.training.distributed import ALONE, World

__all__ = ["Batch", "read_ahead"]

AHEAD: Final = 2
"""Batches in memory beside the one in use."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, or this process's share of it.

    ``rows`` int64 (n,) of the data, ``pixels`` uint8 (n, 3, side, side) on the device, channels last;
    ``labels`` int64 (N,) are those of the batch of all processes, on the CPU, where the losses sort
    them without waiting for a GPU; ``waited`` is how many seconds it was waited for.
    """

    rows: NDArray[np.int64]
    pixels: Tensor
    labels: Tensor
    waited: float


def read_ahead(
    images: LabelledImages, batches: Iterable[NDArray[np.int64]], device: torch.device, world: World = ALONE
) -> Iterator[Batch]:
    """The batches in order; a thread reads the next ones meanwhile.

    Args:
        images: the data.
        batches: rows of the batch of all processes, whose number divides their count.
        device: where the pictures shall be.
        world: the processes: each reads its share.

    Raises:
        FacenetAppError: a picture cannot be read.
    """
    pinned = device.type == "cuda"

    def read(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Tensor, Tensor]:
        labels = torch.from_numpy(images.labels[rows])
        own = np.split(rows, world.size)[world.rank]
        pixels = torch.from_numpy(images.pixels(own)).permute(0, 3, 1, 2)
        return own, pixels.pin_memory() if pinned else pixels, labels

    waiting: deque[Future[tuple[NDArray[np.int64], Tensor, Tensor]]] = deque()
    source = iter(batches)
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as reader:
        while True:
            while len(waiting) <= AHEAD and (rows := next(source, None)) is not None:
                waiting.append(reader.submit(read, rows))
            if not waiting:
                return
            start = time.perf_counter()
            rows, pixels, labels = waiting.popleft().result()
            waited = time.perf_counter() - start
            yield Batch(rows, pixels.to(device, non_blocking=pinned), labels, waited)
