"""Which engine and device serve a wish, decided without importing PyTorch where possible."""

import ctypes
import logging
import sys
from typing import Literal

from facenet_app.errors import DeviceUnavailable
from facenet_app.settings import Settings

__all__ = ["choose_engine", "has_nvidia_driver", "resolved_device"]

log = logging.getLogger(__name__)


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver is loaded: asked of the driver's own library, in milliseconds."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


def choose_engine(settings: Settings) -> Literal["openvino", "torch"]:
    """``torch`` on GPUs or if asked for, else ``openvino`` (three times as quick on CPUs).

    Raises:
        DeviceUnavailable: OpenVINO was asked for together with a GPU.
    """
    wants_gpu = settings.device not in ("auto", "cpu")
    if settings.engine == "openvino" and wants_gpu:
        raise DeviceUnavailable(
            f"the OpenVINO engine runs on the CPU, but the device {settings.device} was asked for",
            "use --device cpu, or FACENET_APP_ENGINE=torch",
        )
    if settings.engine != "auto":
        return settings.engine
    if wants_gpu:
        return "torch"
    if settings.device == "auto" and has_nvidia_driver():
        import torch

        if torch.cuda.is_available():
            return "torch"
        log.warning("There is an NVIDIA GPU, but this PyTorch cannot use it, so the CPU is used.")
    return "openvino"


def resolved_device(settings: Settings) -> str:
    """Where the network will really run: ``cpu``, ``cuda:0``, ``mps``. Imports PyTorch if that runs it.

    Raises:
        DeviceUnavailable: the device asked for is not on this machine.
    """
    if choose_engine(settings) == "openvino":
        return "cpu"
    from facenet_app.embedding.torch_engine import torch_device

    return str(torch_device(settings.device))
