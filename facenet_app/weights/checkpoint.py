"""PyTorch checkpoints from elsewhere: refused unless plain tensors, and converted once.

A ``.pt`` file is a pickle, and unpickling runs whatever the file says. PyTorch's restricted unpickler
(``weights_only``) makes nothing but tensors and containers; after the first load the weights live
on as safetensors and the pickle is deleted.
"""

import hashlib
import io
import pickle
import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from facenet_app.errors import DownloadFailed, ModelError, WeightsDamaged, WeightsMissing
from facenet_app.weights.fetch import PATIENCE, Patience, Progress, fetch, only_one
from facenet_app.weights.manifest import Manifest
from facenet_app.weights.store import (
    CachedWeights,
    find_cached,
    make_folder,
    recorded,
    save_safetensors,
    sha256_of,
    writing_to,
)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["fetch_model", "read_checkpoint"]

# What PyTorch's unpickler and archive reader raise on bytes that are no checkpoint.
UNREADABLE = (
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

Convert = Callable[["Mapping[str, Tensor]"], "Mapping[str, Tensor]"]


def fetch_model(
    manifest: Manifest,
    cache: Path,
    convert: Convert,
    *,
    from_file: Path | None = None,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> CachedWeights:
    """Put a model's weights into the cache, from its URL or from a file; done already is fine.

    Where the manifest has no digest, the one of the first file is recorded and binds later ones.

    Args:
        manifest: of a model whose source is a ``download`` in format ``pt``.
        cache: the cache folder.
        convert: from the checkpoint's tensors to the network's; raises WeightsDamaged if they do not fit.
        from_file: the checkpoint, fetched elsewhere; nothing is then downloaded.
        progress: told of the bytes as they come.
        patience: retries and timeouts.

    Raises:
        DownloadFailed: the file could not be downloaded.
        WeightsDamaged: the file is not the expected one, or holds anything but this network's tensors.
        WeightsMissing: ``from_file`` cannot be read.
        ModelError: the model's weights are no download, or the cache cannot be written.
    """
    if manifest.source.kind != "download" or manifest.source.format != "pt":
        raise ModelError(f"the weights of {manifest.id} are installed with the program and not fetched")
    checkpoint = cache / "weights" / f"{manifest.id}.pt"
    make_folder(checkpoint.parent)
    with writing_to(checkpoint.parent), only_one(cache / "weights" / manifest.id, patience.wait):
        found = find_cached(cache, manifest)
        if found is not None and from_file is None and _is_intact(found):
            return found
        before = recorded(cache, manifest)
        expected = manifest.source.sha256 or (before.source_sha256 if before else None)
        try:
            if from_file is None:
                _download(manifest, checkpoint, expected, progress, patience)
            data = _read(from_file or checkpoint, manifest)
            digest = hashlib.sha256(data).hexdigest()
            if expected not in (None, digest):
                raise WeightsDamaged(
                    f"{from_file} has the SHA-256 {digest} where {expected} is expected",
                    f"fetch {manifest.source.url} again",
                )
            return save_safetensors(cache, manifest, digest, convert(read_checkpoint(data)))
        finally:
            checkpoint.unlink(missing_ok=True)


def read_checkpoint(data: bytes) -> "dict[str, Tensor]":
    """The tensors of a PyTorch checkpoint by name, on the CPU. Nothing of the file is executed.

    Raises:
        WeightsDamaged: it is not a checkpoint, or holds something else than a dict of tensors.
    """
    import torch

    try:
        with warnings.catch_warnings():
            # A remark for PyTorch's developers, made before a plain pickle is refused.
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise WeightsDamaged(
            "the checkpoint is damaged or holds more than tensors, and was not loaded",
            "use a file from its publisher",
        ) from error
    if not isinstance(content, dict) or not all(
        isinstance(tensor, torch.Tensor) for tensor in content.values()
    ):
        raise WeightsDamaged("the checkpoint is not a dict of tensors", "use a file from its publisher")
    return content


def _is_intact(weights: CachedWeights) -> bool:
    return sha256_of(weights.path) == weights.sha256


def _download(
    manifest: Manifest, checkpoint: Path, sha256: str | None, progress: Progress | None, patience: Patience
) -> None:
    source = manifest.source
    try:
        fetch(source.url, checkpoint, sha256=sha256, size=source.size, progress=progress, patience=patience)
    except DownloadFailed as error:
        raise DownloadFailed(
            error.message,
            f"connect to the internet and try again, or fetch {source.url} elsewhere and run "
            f"`facenet-app models fetch {manifest.id} --from-file FILE`",
        ) from error


def _read(path: Path, manifest: Manifest) -> bytes:
    """The whole file, so that the very bytes that were checked are loaded."""
    expected = manifest.source.size
    try:
        actual = path.stat().st_size
        if expected is not None and actual != expected:
            raise WeightsDamaged(
                f"{path} has {actual:,} bytes where {expected:,} are expected",
                f"fetch {manifest.source.url} again",
            )
        return path.read_bytes()
    except OSError as error:
        raise WeightsMissing(
            f"{path} cannot be read ({error.strerror})", "check the path of the file"
        ) from error
