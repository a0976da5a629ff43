"""The pairs that went most wrong, with their pictures: this is how label errors are found."""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facenet_app.evaluation.verified import PairExample

__all__ = ["CropSource", "PicturePair", "picture_pairs"]

CropSource = Callable[[Sequence[str]], Mapping[str, NDArray[np.uint8] | None]]
"""From paths, as the result names them, to aligned faces: RGB uint8 (height, width, 3), or None."""


@dataclass(frozen=True, slots=True)
class PicturePair:
    """A pair, whether ``threshold`` decides it wrongly, and its faces as ``data:`` URLs, if there are any."""

    pair: PairExample
    wrong: bool
    probe_url: str | None
    reference_url: str | None


def picture_pairs(
    pairs: Iterable[PairExample], threshold: float, crops: CropSource
) -> tuple[PicturePair, ...]:
    """The pairs in their order, each picture asked for once."""
    pairs = tuple(pairs)
    paths = list(dict.fromkeys(path for pair in pairs for path in (pair.probe, pair.reference)))
    found = crops(paths) if paths else {}
    urls = {path: _data_url(crop) for path in paths if (crop := found.get(path)) is not None}
    return tuple(
        PicturePair(
            pair,
            wrong=pair.mated == (pair.distance > threshold),
            probe_url=urls.get(pair.probe),
            reference_url=urls.get(pair.reference),
        )
        for pair in pairs
    )


def _data_url(pixels: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
