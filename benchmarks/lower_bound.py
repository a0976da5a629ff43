"""The least time that a network can take on this processor: its arithmetic at the speed of a matrix product.

The default network is nearly all 1 × 1 convolutions, which are matrix products, so no library can be
much faster in the same precision. (Williams, Waterman, Patterson, "Roofline", CACM 2009, for the idea.)
"""

import time

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["MatrixProduct", "network_flop"]

SIDE = 2048
"""Rows and columns of the matrices: larger ones are not multiplied faster."""


class MatrixProduct:
    """Float32 matrices to multiply, as large as a library likes them."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._one, self._other = torch.randn(2, SIDE, SIDE).unbind()

    def flop_per_second(self) -> float:
        """Of one product."""
        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        start = time.perf_counter()
        self._one @ self._other
        took = time.perf_counter() - start
        torch.set_num_threads(before)
        return 2 * SIDE**3 / took


def network_flop(network: nn.Module, side: int) -> int:
    """Operations for one picture of ``side`` pixels; a multiplication and an addition are two."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 3, side, side))
    return int(counter.get_total_flops())
