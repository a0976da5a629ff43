"""SFace: a MobileNet (v1) whose last feature map is flattened into one linear layer.

Loss and training: Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face
Recognition", IEEE TIP 2021. The layout is that of the file in the OpenCV Zoo; layers of this module
bear the numbers of that file's layers.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["SFace", "state_from_onnx"]

# Output channels of the layers 1 … 14; layer 1 is a plain convolution, the others are separable.
CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
STRIDED = (3, 5, 7, 13)  # layers that halve the picture: 112 -> 7


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
        nn.PReLU(outputs),
    )


class SFace(nn.Module):
    """(N, 3, 112, 112) float, RGB as ``(x - 127.5) / 128``, to (N, 128), not normalised."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {"conv_1": _convolution(3, CHANNELS[0], 3)}
        for number, (inputs, outputs) in enumerate(pairwise(CHANNELS), start=2):
            stride = 2 if number in STRIDED else 1
            layers[f"conv_{number}_dw"] = _convolution(inputs, inputs, 3, stride=stride, groups=inputs)
            layers[f"conv_{number}"] = _convolution(inputs, outputs, 1)
        self.features = nn.Sequential()
        for name, layer in layers.items():
            self.features.add_module(name, layer)
        self.bn1 = nn.BatchNorm2d(CHANNELS[-1], eps=2e-5)
        self.dropout = nn.Dropout(0.5)
        self.pre_fc1 = nn.Linear(CHANNELS[-1] * 7 * 7, 128)
        self.fc1 = nn.BatchNorm1d(128, eps=2e-5)

    def forward(self, faces: Tensor) -> Tensor:
        features = self.dropout(self.bn1(self.features(faces)))
        embeddings: Tensor = self.fc1(self.pre_fc1(features.flatten(1)))
        return embeddings


_BATCH_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_var": "running_var"}


def state_from_onnx(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """The module's ``state_dict`` from the weights of the Zoo's ONNX file.

    Names follow :func:`facenet_app.weights.onnx_file.read_weights`. Missing ones raise KeyError.
    """
    state: dict[str, NDArray[np.float32]] = {}
    for block in SFace().features._modules:
        layer = f"features.{block}"
        state[f"{layer}.0.weight"] = weights[f"{block}_conv2d_weight_reshaped"]
        for theirs, ours in _BATCH_NORM.items():
            state[f"{layer}.1.{ours}"] = weights[f"{block}_batchnorm_{theirs}"]
        state[f"{layer}.2.weight"] = weights[f"{block}_relu_gamma"].reshape(-1)
    for norm in ("bn1", "fc1"):
        for theirs, ours in _BATCH_NORM.items():
            state[f"{norm}.{ours}"] = weights[f"{norm}_{theirs}"]
    state["pre_fc1.weight"] = weights["pre_fc1_weight_dequantized"]
    state["pre_fc1.bias"] = weights["pre_fc1_bias_dequantized"]
    # A copy: the arrays of an ONNX file are views of its bytes and cannot be written to.
    return {name: torch.from_numpy(array.copy()) for name, array in state.items()}
