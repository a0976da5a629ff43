"""ResNet-18 and ResNet-50 of torchvision, with a head that makes embeddings.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016. The classifier gives
way to a linear layer and a BatchNorm, which keeps the coordinates of random weights apart.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DEPTHS", "resnet"]

DEPTHS = (18, 50)


def resnet(depth: int, dimension: int = 512) -> "nn.Module":
    """A ResNet with random weights; nothing is downloaded.

    float32 (N, 3, height, width), RGB as ``(x - 127.5) / 128``, sides of 32 or more, to (N, dimension),
    not normalized. In training mode batches need two images or more.

    Args:
        depth: one of ``DEPTHS``; another raises KeyError.
        dimension: length of an embedding.
    """
    from torch import nn
    from torchvision import models  # takes seconds; only those who use this network shall wait for it

    network: nn.Module = {18: models.resnet18, 50: models.resnet50}[depth](weights=None)
    features = network.get_submodule("fc").in_features
    assert isinstance(features, int)
    network.fc = nn.Sequential(nn.Linear(features, dimension, bias=False), nn.BatchNorm1d(dimension))
    return network
