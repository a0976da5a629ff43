"""Weights on this disk: found, checked by SHA-256, and kept as safetensors in the cache.

The cache holds, per model, ``<id>/<source digest>.safetensors`` and a ``.json`` beside it with the
digests of the source and of the safetensors file. It may be deleted at any time. Nothing here
unpickles, and nothing downloads.
"""

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facenet_app.aside import write_whole
from facenet_app.errors import ModelError, WeightsDamaged, WeightsMissing
from facenet_app.weights.manifest import Manifest

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "CachedWeights",
    "beside",
    "find_cached",
    "make_folder",
    "package_file",
    "read_safetensors",
    "recorded",
    "save_safetensors",
    "sha256_of",
    "source_sha256",
    "verified",
    "write_aside",
    "writing_to",
]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(path: Path, sha256: str, what: str) -> Path:
    """``path``, if its digest is right.

    Raises:
        WeightsDamaged: it is not; expected and actual digest are in the message.
    """
    actual = sha256_of(path)
    if actual != sha256:
        raise WeightsDamaged(
            f"{what} has the SHA-256 {actual[:16]}… where {sha256[:16]}… is expected",
            "delete the file and install or fetch it again",
        )
    return path


def package_file(package: str, path: str) -> Path:
    """A file inside an installed package, found without importing the package.

    Raises:
        WeightsMissing: the package is not installed or lacks the file.
    """
    spec = importlib.util.find_spec(package)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / path).is_file():
        raise WeightsMissing(
            f"the file {path} of the Python package {package} is not installed",
            "run `uv sync` to install everything that facenet-app needs",
        )
    return folder / path


@dataclass(frozen=True, slots=True)
class CachedWeights:
    """Converted weights in the cache; digests of the source file and of the safetensors file."""

    path: Path
    source_sha256: str
    sha256: str


def _record(cache: Path, manifest: Manifest) -> Path:
    return cache / "weights" / f"{manifest.id}.json"


def recorded(cache: Path, manifest: Manifest) -> CachedWeights | None:
    """What the cache says of a model's weights, whether or not they are still there."""
    try:
        data = json.loads(_record(cache, manifest).read_text(encoding="utf-8"))
        return CachedWeights(
            _record(cache, manifest).with_name(data["file"]), data["source_sha256"], data["sha256"]
        )
    except (OSError, ValueError, KeyError):
        return None


def find_cached(cache: Path, manifest: Manifest) -> CachedWeights | None:
    """The converted weights of a model, or None if they have yet to be made.

    Weights of another source file than the manifest names do not count.
    """
    found = recorded(cache, manifest)
    expected = manifest.source.sha256
    if found is None or not found.path.is_file() or expected not in (None, found.source_sha256):
        return None
    return found


def source_sha256(cache: Path, manifest: Manifest) -> str:
    """The digest of the source file that this model's weights come from.

    Raises:
        WeightsMissing: the model has to be fetched first.
    """
    if manifest.source.sha256 is not None and manifest.source.kind != "download":
        return manifest.source.sha256
    found = find_cached(cache, manifest)
    if found is None:
        raise WeightsMissing(
            f"the weights of {manifest.id} are not on this machine",
            f"run `facenet-app models fetch {manifest.id}`",
        )
    return found.source_sha256


def beside(manifest: Manifest) -> CachedWeights:
    """The safetensors file in the manifest's own folder, for a source of kind ``file``.

    Raises:
        WeightsMissing: it is not there.
    """
    source = manifest.source
    path = manifest.folder / source.path
    if source.sha256 is None or not path.is_file():
        raise WeightsMissing(
            f"the weights of {manifest.id} are not at {path}",
            "put the file back, or add the model again with `facenet-app models add`",
        )
    return CachedWeights(path, source.sha256, source.sha256)


def save_safetensors(
    cache: Path, manifest: Manifest, source_digest: str, tensors: Mapping[str, "Tensor"]
) -> CachedWeights:
    """Keep converted weights in the cache; written aside and renamed, so never half there."""
    from safetensors.torch import save

    data = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    digest = hashlib.sha256(data).hexdigest()
    record = _record(cache, manifest)
    path = record.with_name(f"{manifest.id}-{source_digest[:16]}.safetensors")
    write_aside(path, data)
    content: dict[str, Any] = {"file": path.name, "source_sha256": source_digest, "sha256": digest}
    write_aside(record, json.dumps(content, indent=2).encode())
    return CachedWeights(path, source_digest, digest)


def read_safetensors(weights: CachedWeights) -> "dict[str, Tensor]":
    """The tensors of a safetensors file whose digest was checked.

    Raises:
        WeightsDamaged: the digest is not the recorded one.
    """
    from safetensors.torch import load_file

    return load_file(verified(weights.path, weights.sha256, weights.path.name))


@contextmanager
def writing_to(folder: Path, setting: str = "CACHE") -> Iterator[None]:
    """Turn what the file system refuses into a sentence; ``setting`` is the variable that names the folder.

    Raises:
        ModelError: the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"the {setting.lower()} folder {folder} cannot be written ({error.strerror or error})",
            f"set FACENET_APP_{setting} to a folder you can write to",
        ) from error


def make_folder(folder: Path, *, setting: str = "CACHE") -> None:
    """Make a folder if it is missing. Raises as :func:`writing_to`."""
    with writing_to(folder, setting):
        folder.mkdir(parents=True, exist_ok=True)


def write_aside(path: Path, data: bytes, *, setting: str = "CACHE") -> None:
    """Write a file so that others see either nothing, the old or the whole new content.

    Raises as :func:`writing_to`.
    """
    make_folder(path.parent, setting=setting)
    with writing_to(path.parent, setting):
        write_whole(path, data)
