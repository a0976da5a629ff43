"""Everything between a crop's bytes and a unit vector, as one PyTorch module.

Being part of the module, normalisation is exported with the weights: no engine can get it wrong.
"""

import torch
from torch import Tensor, nn

from facenet_app.weights.manifest import Preprocessing

__all__ = ["FaceToVector"]


class FaceToVector(nn.Module):
    """uint8 (N, height, width, 3) RGB crops to float32 (N, dimension) unit vectors.

    A crop and its mirror image are averaged before normalisation if ``mirror`` is set.
    """

    def __init__(self, network: nn.Module, preprocessing: Preprocessing, *, mirror: bool = False) -> None:
        super().__init__()
        self.network = network
        self.mean = preprocessing.mean
        self.scale = preprocessing.scale
        self.mirror = mirror

    def forward(self, crops: Tensor) -> Tensor:
        faces = (crops.to(self._dtype()) - self.mean) * self.scale
        vectors = self._unit(faces.permute(0, 3, 1, 2))
        if self.mirror:
            vectors = nn.functional.normalize(vectors + self._unit(faces.flip(2).permute(0, 3, 1, 2)))
        return vectors

    def _unit(self, faces: Tensor) -> Tensor:
        # Norms are taken in float32: squares of half-precision activations overflow at 65,504.
        return nn.functional.normalize(self.network(faces).float())

    def _dtype(self) -> torch.dtype:
        return next(self.network.parameters()).dtype
