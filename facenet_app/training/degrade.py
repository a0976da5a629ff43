"""Blur, few pixels and JPEG on whole batches, without a loop over pictures and on any device.

Blurring and resizing are linear and act on rows and columns alike, so all that happens to a picture
``X`` is ``M X Mᵀ`` with one small matrix ``M`` a picture. What JPEG does to pixels is a rounding of
8 × 8 cosine coefficients; the rest of that format loses nothing and need not be computed.
"""

import math
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["blurring_matrices", "jpeg", "shrinking_matrices"]


def blurring_matrices(side: int, sigma: Tensor) -> Tensor:
    """Matrices of the Gaussian blur; beyond the edge there is nothing, and the rest weighs more.

    Args:
        side: of the pictures in pixels.
        sigma: (B,), pixels.

    Returns:
        float32 (B, side, side), on the device of ``sigma``; rows sum to 1.
    """
    at = torch.arange(side, device=sigma.device, dtype=torch.float32)
    # With a sigma near 0 only the middle weight is left: exp of a large negative number is 0.
    spread = sigma.clamp(min=1e-3)[:, None, None]
    weights = torch.exp(-0.5 * ((at[:, None] - at[None, :]) / spread) ** 2)
    return weights / weights.sum(2, keepdim=True)


def shrinking_matrices(side: int, small: Tensor) -> Tensor:
    """Matrices that shrink to ``small`` pixels by area and enlarge again bilinearly.

    Args:
        side: of the pictures in pixels.
        small: int64 (B,), 1 … side; ``side`` does nothing.

    Returns:
        float32 (B, side, side), on the device of ``small``; rows sum to 1.
    """
    return _shrinking(side, small.device)[small - 1]


@cache
def _shrinking(side: int, device: torch.device) -> Tensor:
    """For each smaller side s the matrix that shrinks to s and enlarges again: (side, side, side)."""
    identity = torch.eye(side).reshape(1, side, 1, side)  # channels are the unit vectors
    matrices = []
    for small in range(1, side + 1):
        shrunk = functional.interpolate(identity, (1, small), mode="area")
        large = functional.interpolate(shrunk, (1, side), mode="bilinear", align_corners=False)
        matrices.append(large[0, :, 0, :].T)
    return torch.stack(matrices).to(device)


# ITU-T T.81 (1992), tables K.1 and K.2.
_LUMINANCE: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE: Final = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)
# ITU-T T.871 (JFIF): RGB to luminance and two differences of color.
_TO_YCC: Final = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
_TO_RGB: Final = ((1.0, 0.0, 1.402), (1.0, -0.344136286, -0.714136286), (1.0, 1.772, 0.0))


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """What is left of pictures after JPEG, with color at half the resolution (4:2:0).

    Args:
        images: float32 (B, 3, height, width), 0 … 255.
        quality: (B,), 1 … 100, as libjpeg counts it.

    Returns:
        float32 (B, 3, height, width), 0 … 255.
    """
    height, width = images.shape[2:]
    # Blocks are 8 pixels, of color 16. The edge is repeated, as encoders do.
    padded = functional.pad(images, (0, -width % 16, 0, -height % 16), mode="replicate")
    ycc = torch.einsum("dc,bchw->bdhw", _constant(_TO_YCC, images.device), padded.round())
    tables = _tables(quality)
    luminance = _rounded_blocks(ycc[:, :1] - 128, tables[:, 0])
    color = _rounded_blocks(functional.avg_pool2d(ycc[:, 1:], 2), tables[:, 1])
    color = functional.interpolate(color, scale_factor=2, mode="bilinear", align_corners=False)
    planes = torch.cat([luminance + 128, color], dim=1)
    rgb = torch.einsum("dc,bchw->bdhw", _constant(_TO_RGB, images.device), planes)
    return rgb[:, :, :height, :width].clamp(0, 255)


def _tables(quality: Tensor) -> Tensor:
    """Quantization tables for luminance and color, float32 (B, 2, 8, 8), scaled as libjpeg does."""
    base = _constant((_LUMINANCE, _CHROMINANCE), quality.device)
    percent = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).floor()
    return ((base * percent[:, None, None, None] + 50) / 100).floor().clamp(1, 255)


def _rounded_blocks(planes: Tensor, table: Tensor) -> Tensor:
    """Planes (B, C, height, width) with their cosine coefficients rounded to multiples of (B, 8, 8)."""
    batch, channels, height, width = planes.shape
    cosine = _constant(_cosines(), planes.device)
    blocks = planes.reshape(batch, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    step = table[:, None, None, None]
    rounded = (cosine @ blocks @ cosine.T / step).round() * step
    return (cosine.T @ rounded @ cosine).transpose(3, 4).reshape(batch, channels, height, width)


@cache
def _constant(values: tuple[Any, ...], device: torch.device) -> Tensor:
    """Nested tuples as a float32 tensor, sent to a device once."""
    return torch.tensor(values, dtype=torch.float32, device=device)


@cache
def _cosines() -> tuple[tuple[float, ...], ...]:
    """The orthonormal 8-point cosine transform (DCT-II), a row a frequency."""
    rows = []
    for frequency in range(8):
        scale = math.sqrt((1 if frequency == 0 else 2) / 8)
        rows.append(tuple(scale * math.cos((2 * at + 1) * frequency * math.pi / 16) for at in range(8)))
    return tuple(rows)
