"""Weights out of an ONNX file, int8 blocks turned back into float32.

ONNX's DequantizeLinear (operator set 21) with ``block_size`` b along an axis means
``x[i] = (q[i] - zero_point[i // b]) * scale[i // b]`` along that axis; the last block may be short.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import WeightsDamaged

__all__ = ["dequantize", "read_weights"]


def dequantize(
    quantized: NDArray[np.int8],
    scales: NDArray[np.float32],
    zero_points: NDArray[np.int8],
    *,
    axis: int,
    block_size: int,
) -> NDArray[np.float32]:
    """float32 of the shape of ``quantized``; scales and zero points have one entry a block."""
    length = quantized.shape[axis]

    def spread(blocks: NDArray[Any]) -> NDArray[np.float32]:
        whole = np.repeat(blocks, block_size, axis=axis)
        return np.take(whole, range(length), axis=axis).astype(np.float32)

    return (quantized.astype(np.float32) - spread(zero_points)) * spread(scales)


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """All float32 weights by the names that the graph's layers use them under.

    Handles plain initializers, and ``DequantizeLinear`` (block-wise) with or without ``Reshape``.

    Raises:
        WeightsDamaged: the file is no ONNX model.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load(path).graph
    except DecodeError as error:
        raise WeightsDamaged(f"{path.name} is not an ONNX file", "fetch it again") from error
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "DequantizeLinear":
            quantized, scales, zero_points = (arrays[name] for name in node.input)
            arrays[node.output[0]] = dequantize(
                quantized,
                scales,
                zero_points,
                axis=attributes.get("axis", 1),
                block_size=attributes["block_size"],
            )
        elif node.op_type == "Reshape" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]].reshape(arrays[node.input[1]])
    return {name: array for name, array in arrays.items() if array.dtype == np.float32}
