"""A PyTorch module as an OpenVINO model, converted once and kept in the cache.

The cached model is named after the embedder's fingerprint, so other weights or other preprocessing
can never be taken for it, and its SHA-256 is checked at each start.
"""

import json
import logging
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facenet_app.embedding.openvino_import import import_openvino
from facenet_app.weights.store import make_folder, sha256_of, write_aside, writing_to

__all__ = ["cached_openvino_model"]

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised whenever the conversion changes, so that older cached models are made again."""


def cached_openvino_model(cache: Path, fingerprint: str, side: int, load_module: Callable[[], Any]) -> Path:
    """The path of the OpenVINO model (``.xml`` with its ``.bin``) of a fingerprint.

    ``side`` is the height and width of a crop in pixels. ``load_module`` gives the
    :class:`FaceToVector` to convert; it is called, and PyTorch imported, only if the cache has no
    undamaged copy.
    """
    path = cache / "openvino" / f"{fingerprint}-{FORMAT}.xml"
    record = path.with_suffix(".json")
    if not _is_whole(path, record):
        # A warning, so that it is seen on stderr without any set-up: the user waits for this.
        log.warning("Preparing the model for this machine. This is done once and takes some seconds.")
        _convert(load_module(), side, path)
        write_aside(record, json.dumps(_digests(path)).encode())
    return path


def _digests(path: Path) -> dict[str, str]:
    return {file.suffix: sha256_of(file) for file in (path, path.with_suffix(".bin"))}


def _is_whole(path: Path, record: Path) -> bool:
    try:
        return bool(json.loads(record.read_text()) == _digests(path))
    except (OSError, ValueError):
        return False


def _convert(module: Any, side: int, path: Path) -> None:
    """Trace, convert and save.

    OpenVINO's front end is called directly: its ``convert_model`` reports usage over the network.
    TorchScript rather than ``torch.export``: the latter takes seconds instead of a fifth of one,
    and arrives at OpenVINO with PReLU taken apart, which makes inference a quarter slower.
    """
    openvino = import_openvino()  # first: what follows imports it as well
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = torch.zeros((2, side, side, 3), dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", FutureWarning)  # torch.jit.trace is deprecated; see above
        warnings.simplefilter("ignore", DeprecationWarning)
        decoder = TorchScriptPythonDecoder(torch.jit.trace(module, example, check_trace=False))  # type: ignore[no-untyped-call]  # PyTorch has no types here
        front_end = FrontEndManager().load_by_framework("pytorch")
        model = front_end.convert(front_end.load(decoder))
    model.input(0).get_node().set_element_type(openvino.Type.u8)
    model.reshape([-1, side, side, 3])
    make_folder(path.parent)
    # Aside first: another process may be reading, or converting, the same model.
    with writing_to(path.parent), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        aside = Path(folder) / path.name
        openvino.save_model(model, aside, compress_to_fp16=False)
        for suffix in (".bin", ".xml"):
            aside.with_suffix(suffix).replace(path.with_suffix(suffix))
