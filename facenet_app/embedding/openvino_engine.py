"""The OpenVINO engine: the CPU's default. PyTorch is not imported here."""

from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app.embedding.openvino_import import import_openvino
from facenet_app.errors import DeviceUnavailable, WeightsDamaged

__all__ = ["OpenVinoEngine"]


class OpenVinoEngine:
    """Runs a converted model on the CPU in float32.

    Args:
        model: path of the ``.xml`` file, uint8 (N, height, width, 3) to float32 (N, dimension).
        threads: CPU threads for one run; 0 = one per physical core.
        half: compute in bfloat16. Embeddings then differ by up to 5e-3 a number, distances by 4e-3.

    Raises:
        DeviceUnavailable: ``half`` was asked for, and the processor has no bfloat16.
        WeightsDamaged: OpenVINO cannot read the file.
    """

    name = "openvino"
    device = "cpu"

    def __init__(self, model: Path, threads: int = 0, *, half: bool = False) -> None:
        openvino = import_openvino()
        config: dict[str, Any] = {
            # All threads work on one request: the first answer comes soonest, and a batch is
            # as quick as several requests at once.
            "PERFORMANCE_HINT": "LATENCY",
            # Never left to OpenVINO, which would take bfloat16 wherever the processor has it.
            "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
            # Pinned threads always begin at the first core: several processes would share that one core.
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            config["INFERENCE_NUM_THREADS"] = threads
        core = openvino.Core()
        if half and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise DeviceUnavailable(
                "half precision was asked for, but this processor has no bfloat16",
                "leave FACENET_APP_PRECISION at float32",
            )
        try:
            self._compiled = core.compile_model(core.read_model(model), "CPU", config)
        except RuntimeError as error:
            raise WeightsDamaged(
                f"OpenVINO cannot read {model.name}", f"delete {model.parent} and try again"
            ) from error
        # A pool of requests, not one a thread: web servers make short-lived threads.
        self._idle: SimpleQueue[Any] = SimpleQueue()

    def run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            request = self._idle.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        try:
            request.infer({0: crops}, share_inputs=True)
            result: NDArray[np.float32] = np.array(request.get_output_tensor(0).data)
        finally:
            self._idle.put(request)
        return result
