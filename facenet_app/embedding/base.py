"""What an engine is: the thing that runs the network."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Engine"]


class Engine(Protocol):
    """Runs one model on one device. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """``openvino`` or ``torch``."""
        ...

    @property
    def device(self) -> str:
        """Where it really runs: ``cpu``, ``cuda:0``, ``mps``."""
        ...

    def run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 RGB (N, height, width, 3) to float32 unit vectors (N, dimension); N may be any."""
        ...
