"""Making faces worse, as cameras, hands and networks do, while a model learns from them.

Everything works on a whole batch in tensor operations on the batch's device, each picture with random
numbers of its own. In the order in which pictures come about: pose, something in front of the face,
light, the lens, few pixels, compression.
"""

from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from facenet_app.errors import UsageError
from facenet_app.training.degrade import degrading_matrices, jpeg
from facenet_app.training.occlude import face_mask, rectangle

__all__ = ["AugmentConfig", "Augmentation"]

COLUMNS: Final = 32
"""Random numbers that a picture needs at most."""
_LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601


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
        jpeg_quality: the least, 1 … 100; the greatest is 95.
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
        faces = torch.where(draw.happens(config.mirror), faces.flip(3), faces)
        faces = self._move(faces, draw)
        faces = rectangle(faces, draw.happens(config.erase), draw.uniform(7), config.erase_area)
        faces = face_mask(faces, draw.happens(config.mask), draw.uniform(6))
        faces = self._light(faces, draw)
        faces = self._degrade(faces, draw)
        if config.jpeg:
            quality = config.jpeg_quality + draw.uniform(1) * (95 - config.jpeg_quality)
            faces = torch.where(draw.happens(config.jpeg), jpeg(faces, quality[:, 0]), faces)
        return faces.round().clamp(0, 255).to(torch.uint8)

    def _move(self, faces: Tensor, draw: "_Draw") -> Tensor:
        config = self.config
        if not config.geometry:
            return faces
        amount = 2 * draw.uniform(4) - 1
        angle = torch.deg2rad(config.rotation * amount[:, 0])
        # Symmetric in the logarithm: twice as large is as likely as half as large.
        factor = torch.exp(torch.log(torch.tensor(1 + config.scale)) * amount[:, 1])
        cosine, sine = torch.cos(angle) / factor, torch.sin(angle) / factor
        # The grid runs from -1 to 1: a shift of the whole side is 2.
        x, y = 2 * config.shift * amount[:, 2], 2 * config.shift * amount[:, 3]
        theta = torch.stack([cosine, -sine, x, sine, cosine, y], dim=1).reshape(-1, 2, 3)
        grid = functional.affine_grid(theta, list(faces.shape), align_corners=False)
        # Mirrored edges look like hair and background; black ones would tell how the picture was moved.
        moved = functional.grid_sample(faces, grid, padding_mode="reflection", align_corners=False)
        return torch.where(draw.happens(config.geometry), moved, faces)

    def _light(self, faces: Tensor, draw: "_Draw") -> Tensor:
        config = self.config
        luma = faces.new_tensor(_LUMA).view(1, 3, 1, 1)
        if config.light:
            amount = (2 * draw.uniform(3) - 1)[:, :, None, None, None]
            lit = faces * (1 + config.brightness * amount[:, 0])
            middle = (lit * luma).sum(1, keepdim=True).mean((2, 3), keepdim=True)
            lit = middle + (lit - middle) * (1 + config.contrast * amount[:, 1])
            gray = (lit * luma).sum(1, keepdim=True)
            lit = gray + (lit - gray) * (1 + config.saturation * amount[:, 2])
            faces = torch.where(draw.happens(config.light), lit.clamp(0, 255), faces)
        gray = (faces * luma).sum(1, keepdim=True)
        return torch.where(draw.happens(config.gray), gray, faces)

    def _degrade(self, faces: Tensor, draw: "_Draw") -> Tensor:
        config = self.config
        if not config.blur and not config.low_resolution:
            return faces
        side, amount = faces.shape[-1], draw.uniform(2)
        sigma = config.blur_sigma * amount[:, 0] * draw.happens(config.blur)[:, 0, 0, 0]
        lowest = min(config.low_side, side)
        low = lowest + ((side - lowest) * amount[:, 1]).long()
        low = torch.where(draw.happens(config.low_resolution)[:, 0, 0, 0], low, side)
        matrices = degrading_matrices(side, sigma, low)[:, None]
        changed = matrices @ faces @ matrices.mT
        touched = ((sigma > 0) | (low < side))[:, None, None, None]
        return torch.where(touched, changed, faces)


class _Draw:
    """Random numbers for a batch, drawn where the generator is and used where the pictures are."""

    def __init__(self, count: int, device: torch.device, generator: Generator | None) -> None:
        source = generator.device if generator is not None else torch.device("cpu")
        numbers = torch.rand(count, COLUMNS, generator=generator, device=source)
        self._numbers = numbers.to(device, non_blocking=True)  # all at once: a copy costs more than its bytes
        self._used = 0

    def uniform(self, columns: int) -> Tensor:
        """float32 (B, columns), 0 … 1, not given out before."""
        self._used += columns
        assert self._used <= COLUMNS
        return self._numbers[:, self._used - columns : self._used]

    def happens(self, share: float) -> Tensor:
        """True for so many on average: bool (B, 1, 1, 1)."""
        return (self.uniform(1) < share)[:, :, None, None]
