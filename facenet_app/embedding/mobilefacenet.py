"""MobileFaceNet, written from its paper: a million parameters, made for phones.

Chen, Liu, Gao and Han, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on
Mobile Devices", CCBR 2018, table 1. Its point is the last pooling: a depthwise convolution as large
as the feature map, so that the network learns how much each place of a face counts.
"""

from collections.abc import Iterator

from torch import Tensor, nn

__all__ = ["MobileFaceNet"]

# Rows of table 1 between the stem and the last 1×1 convolution: expansion, channels, repeats, stride.
BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
STEM, LAST, MAP = 64, 512, 7


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, padding: int | None = None
) -> list[nn.Module]:
    """Convolution and BatchNorm; a list, so that a linear layer stays one sequence with its neighbors."""
    padding = kernel // 2 if padding is None else padding
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class Bottleneck(nn.Module):
    """Expand, filter depthwise, project without an activation (Sandler et al., MobileNetV2, CVPR 2018)."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.layers = nn.Sequential(
            *_convolution(inputs, wide, 1),
            nn.PReLU(wide),
            *_convolution(wide, wide, 3, stride=stride, groups=wide),
            nn.PReLU(wide),
            *_convolution(wide, outputs, 1),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = self.layers(features)
        return features + changed if self.residual else changed


def _bottlenecks() -> Iterator[nn.Module]:
    inputs = STEM
    for expansion, outputs, repeats, stride in BOTTLENECKS:
        for repeat in range(repeats):
            yield Bottleneck(inputs, outputs, expansion, stride if repeat == 0 else 1)
            inputs = outputs


class MobileFaceNet(nn.Module):
    """(N, 3, 112, 112) float, RGB as ``(x - 127.5) / 128``, to (N, dimension), not normalized.

    Args:
        dimension: length of an embedding; 128 in the paper.
    """

    def __init__(self, dimension: int = 128) -> None:
        super().__init__()
        channels = BOTTLENECKS[-1][1]
        self.stem = nn.Sequential(
            *_convolution(3, STEM, 3, stride=2),
            nn.PReLU(STEM),
            *_convolution(STEM, STEM, 3, groups=STEM),
            nn.PReLU(STEM),
        )
        self.bottlenecks = nn.Sequential(*_bottlenecks())
        self.last = nn.Sequential(*_convolution(channels, LAST, 1), nn.PReLU(LAST))
        self.pool = nn.Sequential(*_convolution(LAST, LAST, MAP, groups=LAST, padding=0))
        self.embedding = nn.Sequential(*_convolution(LAST, dimension, 1))

    def forward(self, faces: Tensor) -> Tensor:
        features = self.last(self.bottlenecks(self.stem(faces)))
        embeddings: Tensor = self.embedding(self.pool(features)).flatten(1)
        return embeddings
