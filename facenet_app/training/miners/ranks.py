"""Where each distance falls between a few sorted ones, without sorting it."""

from typing import Final

import torch
from torch import Tensor

__all__ = ["ranks"]

_COUNTED: Final = 128
"""Up to so many thresholds, comparing with each is quicker than one thread's binary search on a CPU."""
_TILE: Final = 1 << 15
"""Elements compared at a time: they stay in the cache for all thresholds, and PyTorch uses one thread for
so few. With more it would stop and wait for the others twice a threshold, a thousand times a batch, which
takes seconds where the cores are busy decoding pictures."""


def ranks(thresholds: Tensor, values: Tensor, *, inclusive: bool = False) -> Tensor:
    """How many of a row's thresholds are below each value of that row.

    A binary search mispredicts every other step; counting uses the processor's whole width, and is twice as
    quick for the 39 positives of a usual batch. But it counts on one thread: GPUs, many threads and long rows
    of thresholds search.

    Args:
        thresholds: (B, T), ascending; +inf pads.
        values: (B, N) of the same dtype.
        inclusive: count thresholds equal to the value too.

    Returns:
        int64 (B, N), 0 … T.
    """
    if values.device.type != "cpu" or thresholds.shape[1] * torch.get_num_threads() > _COUNTED:
        return torch.searchsorted(thresholds.contiguous(), values.contiguous(), right=inclusive)
    below = torch.le if inclusive else torch.lt
    found = torch.empty(values.shape, dtype=torch.int64)
    rows = max(1, _TILE // max(values.shape[1], 1))
    tiles = (torch.split(each, rows) for each in (values, thresholds, found))
    for some, limits, into in zip(*tiles, strict=True):
        count, hit = torch.zeros_like(some), torch.empty_like(some)
        for limit in limits.unbind(1):
            count += below(limit.unsqueeze(1), some, out=hit)
        into.copy_(count)
    return found
