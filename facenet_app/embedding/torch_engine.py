"""The PyTorch engine: for GPUs, and on the CPU when asked for."""

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from facenet_app.embedding.preprocess import FaceToVector
from facenet_app.errors import DeviceUnavailable

__all__ = ["TorchEngine", "torch_device"]


def torch_device(wish: str) -> torch.device:
    """The device for a wish: ``auto`` takes CUDA, then MPS, then the CPU.

    Raises:
        DeviceUnavailable: the wish cannot be met; the message says what there is.
    """
    if wish == "auto":
        wish = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(wish)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise DeviceUnavailable(
                f"{wish} was asked for, but the number of CUDA devices that PyTorch finds is {count}",
                "use --device cpu, or install a GPU driver that fits this PyTorch",
            )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceUnavailable("mps was asked for, but this machine has no Apple GPU", "use --device cpu")
    return device


class TorchEngine:
    """Runs a :class:`FaceToVector` with PyTorch.

    Args:
        module: the network with its preprocessing.
        wish: see :func:`torch_device`.
        threads: CPU threads; 0 = PyTorch's own choice.
        half: half precision, on CUDA only.

    Raises:
        DeviceUnavailable: the device, or half precision on it, cannot be had.
    """

    name = "torch"

    def __init__(self, module: FaceToVector, wish: str, threads: int = 0, *, half: bool = False) -> None:
        self._device = torch_device(wish)
        if threads:
            torch.set_num_threads(threads)
        module.network = fold_batch_norms(module.network)
        if half:
            if self._device.type != "cuda":
                raise DeviceUnavailable(
                    f"half precision needs CUDA, and the device is {self._device}",
                    "leave FACENET_APP_PRECISION at float32",
                )
            module.network.half()
        # Depthwise convolutions are several times quicker with channels last, on the CPU too.
        self._module = module.to(self._device).to(memory_format=torch.channels_last).eval()

    @property
    def device(self) -> str:
        return str(self._device)

    @torch.inference_mode()
    def run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = self._module(torch.from_numpy(crops).to(self._device))
        result: NDArray[np.float32] = vectors.float().cpu().numpy()
        return result


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Merge each BatchNorm that directly follows a convolution of its ``nn.Sequential`` into it."""
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        names = list(sequence._modules)
        for first, second in pairwise(names):
            convolution, norm = sequence._modules[first], sequence._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                sequence._modules[first] = fuse_conv_bn_eval(convolution, norm)
                sequence._modules[second] = nn.Identity()
    return network
