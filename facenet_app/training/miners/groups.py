"""Who is whose positive in a batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

__all__ = ["Groups", "check_batch", "on_device", "row_chunks"]

_CPU_ELEMENTS: Final = 1 << 20
"""4 MB of distances: they stay in the processor's cache, and few operations wait for all threads."""
_GPU_ELEMENTS: Final = 1 << 24
"""64 MB of distances: few launches, and a batch of 1,800 in one go."""
_LEAST_ROWS: Final = 32
"""Fewer rows make a matrix product slow, however many columns there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A batch in the order of its labels, so that the images of a person stand together.

    A *place* is a position in that order. Counts are plain numbers, known without asking a GPU.

    ``order`` int64 (N,): the row of the batch at each place. ``start`` and ``stop`` int64 (N,): the
    places of the same person are ``start … stop - 1``. ``anchors`` int64 (A,): the places that have
    a positive and a negative.
    """

    order: Tensor
    start: Tensor
    stop: Tensor
    anchors: Tensor
    widest: int
    """Images of the person with the most."""
    mated: int
    """Ordered pairs (anchor, positive) of anchors that also have a negative."""
    triplets: int
    """All (anchor, positive, negative)."""

    @classmethod
    def of(cls, labels: Tensor, device: torch.device) -> "Groups":
        """From int (N,) labels.

        Labels on the CPU cost no wait for a GPU; labels on a GPU are fetched from there, once.
        """
        ordered, order = torch.sort(labels.detach().cpu(), stable=True)
        _, person, counts = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
        size, stop = counts[person], counts.cumsum(0)[person]
        others = len(order) - size
        anchors = torch.nonzero((size > 1) & (others > 0)).squeeze(1)
        positives = size[anchors] - 1
        places = on_device(torch.stack([order, stop - size, stop]), device)
        return cls(
            order=places[0],
            start=places[1],
            stop=places[2],
            anchors=on_device(anchors, device),
            widest=int(counts.max()) if len(counts) else 0,
            mated=int(positives.sum()),
            triplets=int((positives * others[anchors]).sum()),
        )

    def __len__(self) -> int:
        return len(self.order)

    def members(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """For each of (B,) places the places of the same person, int64 (B, widest), and which are positives.

        Where a person has fewer images than ``widest`` the place itself is repeated, so that all
        members together are exactly the places that are not negatives. Positives bool (B, widest):
        the place itself is none.
        """
        own = places.unsqueeze(1)
        ahead = torch.arange(self.widest, device=places.device)
        members = self.start[places].unsqueeze(1) + ahead
        members = torch.where(members < self.stop[places].unsqueeze(1), members, own)
        return members, members != own


def check_batch(embeddings: Tensor, labels: Tensor) -> None:
    """Raise ValueError unless there is a label for each embedding."""
    if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1]:
        raise ValueError(
            f"embeddings of shape {tuple(embeddings.shape)} for labels of shape {tuple(labels.shape)}: "
            "(N, D) and (N,) belong together"
        )
    if not embeddings.is_floating_point():
        raise ValueError(f"embeddings are floating, not {embeddings.dtype}")


def row_chunks(rows: Tensor, columns: int) -> Iterator[Tensor]:
    """(R,) places in pieces that make, with so many columns, a block of distances that is quickly held."""
    elements = _CPU_ELEMENTS if rows.device.type == "cpu" else _GPU_ELEMENTS
    if len(rows):  # torch splits nothing into one piece of nothing
        yield from torch.split(rows, max(_LEAST_ROWS, elements // columns))


def on_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on a device, without waiting for what a GPU still has to do."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
