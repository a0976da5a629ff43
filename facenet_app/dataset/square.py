"""Making any picture a square."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["AS_IS", "SIDES", "resized"]

AS_IS: Final = "as-is"
"""The alignment of pictures that were only resized."""
SIDES: Final = range(16, 2049)
"""Pixels that a square may have."""


def resized(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """RGB uint8 (side, side, 3). Pillow averages over all pixels that fall into one: nothing flickers."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
