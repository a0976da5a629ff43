"""Types of this folder's fixtures."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Encode = Callable[..., bytes]
Difference = Callable[[NDArray[np.uint8], NDArray[np.uint8]], float]
PngChunk = Callable[[bytes, bytes], bytes]
