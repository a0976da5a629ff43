"""Making faces worse, as cameras, hands and networks do, while a model learns from them.

Everything works on a whole batch in tensor operations on the batch's device, each picture with random
numbers of its own. In the order in which pictures come about: pose, something in front of the face,
light, the lens, few pixels, compression.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from facenet_app.errors import UsageError
from facenet_app.training.degrade import blurring_matrices, jpeg, shrinking_matrices
from facenet_app.training.occlude import face_mask, rectangle

__all__ = ["AugmentConfig", "Augmentation"]

COLUMNS: Final = 32
"""Random numbers that a picture needs at most."""
BEST_JPEG: Final = 95


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How often and how much. Values without a word on units are shares of 1.

    Attributes:
        mirror: how often left and right are swapped.
        geometry: how often a picture is turned, scaled and shifted.
        rotation: degrees at most, either way.
        scale: at most so much smaller or larger.
        shift: of the side at most, in both directions.
        light: how often brightness, contrast and saturation are changed.
        brightness, contrast, saturation: their factor is 1 ± this at most.
        gray: how often the color is taken away.
        blur: how often the picture is out of focus.
        blur_sigma: pixels at most.
        low_resolution: how often the picture is shrunk and enlarged again.
        low_side: pixels; side of the smallest one.
        jpeg: how often compression errors are added.
        jpeg_quality: the least, 1 … 100; the greatest is ``BEST_JPEG``.
        erase: how often a rectangle is filled with one color.
        erase_area: of the picture at most.
        mask: how often the lower face is covered, as by a surgical mask.
    """

    mirror: float = 0.5
    geometry: float = 0.8
    rotation: float = 10.0
    scale: float = 0.1
    shift: float = 0.04
    light: float = 0.6
    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3
    gray: float = 0.1
    blur: float = 0.1
    blur_sigma: float = 2.0
    low_resolution: float = 0.2
    low_side: int = 20
    jpeg: float = 0.2
    jpeg_quality: int = 20
    erase: float = 0.1
    erase_area: float = 0.2
    mask: float = 0.05

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            low, high = _RANGES.get(each.name, (0, 1))
            if not low <= value <= high:
                raise UsageError(f"the augmentation's {each.name} is {value}, not {low} to {high}")

    @classmethod
    def none(cls) -> "AugmentConfig":
        """Nothing happens: every picture comes out as it went in."""
        return cls(mirror=0, geometry=0, light=0, gray=0, blur=0, low_resolution=0, jpeg=0, erase=0, mask=0)


_RANGES: Final = {
    "rotation": (0, 180),
    "scale": (0, 0.9),
    "blur_sigma": (0.1, 20),
    "low_side": (4, 4096),
    "jpeg_quality": (1, 95),
}


class Augmentation(nn.Module):
    """uint8 RGB (B, 3, side, side) to the same, each picture changed at random.

    The random numbers come from the generator given to each call, or from PyTorch's own. A generator
    on the CPU gives the same changes on every device.
    """

    def __init__(self, config: AugmentConfig | None = None) -> None:
        super().__init__()
        self.config = config or AugmentConfig()

    @torch.no_grad()
    def forward(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """The changed pictures.

        Args:
            images: uint8 (B, 3, side, side), on any device.
            generator: draws all random numbers.

        Raises:
            UsageError: the batch is of another shape or type.
        """
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1::2] != (3, images.shape[2]):
            raise UsageError(f"a batch is uint8 (B, 3, side, side), not {images.dtype} {tuple(images.shape)}")
        if not len(images):
            return images
        # Half precision would round gray levels: a batch may come here under the trainer's autocast.
        with torch.autocast(images.device.type, enabled=False):
            return self._changed(images.float(), _Draw(len(images), images.device, generator))

    def _changed(self, faces: Tensor, draw: "_Draw") -> Tensor:
        config = self.config
        faces = draw.sometimes(faces, config.mirror, 0, lambda some, _: some.flip(3))
        faces = draw.sometimes(faces, config.geometry, 4, self._moved)
        faces = draw.sometimes(
            faces, config.erase, 7, lambda some, numbers: rectangle(some, numbers, config.erase_area)
        )
        faces = draw.sometimes(faces, config.mask, 6, face_mask)
        faces = draw.sometimes(faces, config.light, 3, self._lit)
        faces = draw.sometimes(faces, config.gray, 0, lambda some, _: _luma(some).expand_as(some))
        faces = draw.sometimes(faces, config.blur, 1, self._blurred)
        faces = draw.sometimes(faces, config.low_resolution, 1, self._shrunk)
        faces = draw.sometimes(faces, config.jpeg, 1, self._compressed)
        return faces.round().clamp(0, 255).to(torch.uint8)

    def _moved(self, faces: Tensor, numbers: Tensor) -> Tensor:
        config, amount = self.config, 2 * numbers - 1
        angle = math.radians(config.rotation) * amount[:, 0]
        # Symmetric in the logarithm: larger by a factor is as likely as smaller by it.
        factor = torch.exp(math.log(1 + config.scale) * amount[:, 1])
        cosine, sine = torch.cos(angle) / factor, torch.sin(angle) / factor
        # The grid runs from -1 to 1: a shift of the whole side is 2.
        x, y = 2 * config.shift * amount[:, 2], 2 * config.shift * amount[:, 3]
        theta = torch.stack([cosine, -sine, x, sine, cosine, y], dim=1).reshape(-1, 2, 3)
        grid = functional.affine_grid(theta, list(faces.shape), align_corners=False)
        # Mirrored edges look like hair and background; black ones would tell how the picture was moved.
        return functional.grid_sample(faces, grid, padding_mode="reflection", align_corners=False)

    def _lit(self, faces: Tensor, numbers: Tensor) -> Tensor:
        config, amount = self.config, (2 * numbers - 1)[:, :, None, None, None]
        lit = faces * (1 + config.brightness * amount[:, 0])
        middle = _luma(lit).mean((2, 3), keepdim=True)
        lit = middle + (lit - middle) * (1 + config.contrast * amount[:, 1])
        gray = _luma(lit)
        return (gray + (lit - gray) * (1 + config.saturation * amount[:, 2])).clamp(0, 255)

    def _blurred(self, faces: Tensor, numbers: Tensor) -> Tensor:
        matrices = blurring_matrices(faces.shape[-1], self.config.blur_sigma * numbers[:, 0])
        return _both_ways(matrices, faces)

    def _shrunk(self, faces: Tensor, numbers: Tensor) -> Tensor:
        side = faces.shape[-1]
        lowest = min(self.config.low_side, side)
        small = lowest + ((side - lowest) * numbers[:, 0]).long()
        return _both_ways(shrinking_matrices(side, small), faces)

    def _compressed(self, faces: Tensor, numbers: Tensor) -> Tensor:
        least = self.config.jpeg_quality
        return jpeg(faces, least + (BEST_JPEG - least) * numbers[:, 0])


def _luma(faces: Tensor) -> Tensor:
    return 0.299 * faces[:, :1] + 0.587 * faces[:, 1:2] + 0.114 * faces[:, 2:]  # ITU-R BT.601


def _both_ways(matrices: Tensor, faces: Tensor) -> Tensor:
    """``M X Mᵀ`` with one matrix (B, side, side) for each picture."""
    matrices = matrices[:, None]
    return matrices @ faces @ matrices.mT


class _Draw:
    """Random numbers for a batch, drawn where the generator is and used where the pictures are."""

    def __init__(self, count: int, device: torch.device, generator: Generator | None) -> None:
        source = generator.device if generator is not None else torch.device("cpu")
        numbers = torch.rand(count, COLUMNS, generator=generator, device=source)
        self._numbers = numbers.to(device, non_blocking=True)  # all at once: a copy costs more than its bytes
        self._used = 0

    def sometimes(
        self, faces: Tensor, share: float, columns: int, change: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """Change a share of the pictures.

        Args:
            faces: (B, 3, side, side); may be written to.
            share: how often, 0 … 1.
            columns: numbers that the change needs for a picture.
            change: from pictures and their numbers (B, columns), 0 … 1, to pictures.
        """
        first, self._used = self._used, self._used + 1 + columns
        assert self._used <= COLUMNS
        if not share:
            return faces
        chosen = self._numbers[:, first] < share
        numbers = self._numbers[:, first + 1 : self._used]
        if faces.device.type == "cpu":
            rows = chosen.nonzero()[:, 0]
            if len(rows):
                faces[rows] = change(faces[rows], numbers[rows])
            return faces
        # A GPU would have to stop and say how many were chosen: changing all of them is quicker.
        return torch.where(chosen[:, None, None, None], change(faces, numbers), faces)
