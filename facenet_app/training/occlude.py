"""Things in front of a face, on whole batches."""

import torch
from torch import Tensor

__all__ = ["face_mask", "rectangle"]

MASK_TOP = (0.55, 0.68)
"""Where the upper edge of a mask is at the nose, from the top of an aligned crop as a share of its side:
the nose's tip is at 0.64 and the mouth at 0.82 in ``five-point-112``."""
MASK_HALF_WIDTH = (0.30, 0.40)


def rectangle(faces: Tensor, numbers: Tensor, area: float) -> Tensor:
    """Fill a rectangle of every picture with one color.

    Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.

    Args:
        faces: float32 (B, 3, side, side), 0 … 255.
        numbers: (B, 7), 0 … 1: size, shape, place (2) and color (3).
        area: largest share of the picture that is covered; the smallest is a tenth of it.
    """
    x, y = _coordinates(faces)
    covered = area * (0.1 + 0.9 * numbers[:, 0])
    ratio = torch.exp2(2 * numbers[:, 1] - 1)  # height to width, 1:2 to 2:1
    height, width = (covered * ratio).sqrt().clamp(max=1), (covered / ratio).sqrt().clamp(max=1)
    top, left = (numbers[:, 2] * (1 - height)), (numbers[:, 3] * (1 - width))
    inside = (_between(y, top, height) & _between(x, left, width))[:, None]
    return torch.where(inside, 255 * numbers[:, 4:, None, None], faces)


def face_mask(faces: Tensor, numbers: Tensor) -> Tensor:
    """Cover nose and mouth of aligned faces, as a surgical mask does.

    Args:
        faces: float32 (B, 3, side, side), 0 … 255.
        numbers: (B, 6), 0 … 1: upper edge, width, shade and color (3).
    """
    x, y = _coordinates(faces)
    edge = _scaled(numbers[:, 0], MASK_TOP)
    half = _scaled(numbers[:, 1], MASK_HALF_WIDTH)
    aside = (x - 0.5).abs() / half[:, None, None]
    # The edge falls from the nose towards the ears, and the mask narrows below the chin.
    inside = (y > edge[:, None, None] + 0.08 * aside**2) & (aside < 1 - 0.6 * (y - 0.75).clamp(min=0))
    fold = 1 + 0.3 * (numbers[:, 2, None, None] - 0.5) * torch.cos(12 * torch.pi * y)
    color = 255 * numbers[:, 3:, None, None] * fold[:, None]
    return torch.where(inside[:, None], color.clamp(0, 255), faces)


def _coordinates(faces: Tensor) -> tuple[Tensor, Tensor]:
    """The middles of the pixels as shares of the side: x (1, 1, side), y (1, side, 1)."""
    side = faces.shape[-1]
    along = (torch.arange(side, device=faces.device) + 0.5) / side
    return along[None, None, :], along[None, :, None]


def _between(along: Tensor, start: Tensor, length: Tensor) -> Tensor:
    return (along >= start[:, None, None]) & (along < (start + length)[:, None, None])


def _scaled(numbers: Tensor, between: tuple[float, float]) -> Tensor:
    low, high = between
    return low + (high - low) * numbers
