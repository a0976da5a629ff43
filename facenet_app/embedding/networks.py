"""The networks by name, and a model's network with its weights."""

from pathlib import Path

import torch
from torch import Tensor, nn

from facenet_app.errors import ModelError, WeightsDamaged, WeightsMissing
from facenet_app.weights.manifest import Manifest
from facenet_app.weights.onnx_file import read_weights
from facenet_app.weights.store import (
    CachedWeights,
    beside,
    find_cached,
    package_file,
    read_safetensors,
    save_safetensors,
    verified,
)

__all__ = ["NETWORKS", "build_network", "load_network"]

NETWORKS = {"sface": 128, "mobilefacenet": 128, "inception_resnet_v1": 512, "resnet18": 512, "resnet50": 512}
"""The networks there are, and the length of the embeddings they usually make."""


def build_network(name: str, dimension: int | None = None, *, unit: bool = True) -> nn.Module:
    """A network by the name its manifest gives, with random weights, in evaluation mode.

    Args:
        name: one of ``NETWORKS``.
        dimension: length of an embedding; None for what the network usually has.
        unit: False for embeddings before normalization, also of networks that normalize themselves.

    Raises:
        ModelError: there is no such network, or it does not come with this dimension.
    """
    if name == "sface":
        from facenet_app.embedding.sface import SFace

        if dimension not in (None, NETWORKS[name]):
            raise ModelError(f"sface makes embeddings of {NETWORKS[name]} dimensions, not {dimension}")
        return SFace().eval()
    if name == "mobilefacenet":
        from facenet_app.embedding.mobilefacenet import MobileFaceNet

        return MobileFaceNet(dimension or NETWORKS[name]).eval()
    if name == "inception_resnet_v1":
        from facenet_app.embedding.inception import inception_resnet_v1

        return inception_resnet_v1(dimension or NETWORKS[name], unit=unit).eval()
    if name in ("resnet18", "resnet50"):
        from facenet_app.embedding.resnet import resnet

        return resnet(int(name.removeprefix("resnet")), dimension or NETWORKS[name]).eval()
    raise ModelError(
        f"there is no network {name!r}",
        f"choose one of {', '.join(NETWORKS)}; if a manifest names another, update facenet-app",
    )


def load_network(manifest: Manifest, cache: Path) -> nn.Module:
    """The network of a model with its weights, in evaluation mode, on the CPU.

    Weights shipped in a package are converted to safetensors once, and again if that copy was
    damaged; its SHA-256 is checked at each load.

    Raises:
        WeightsMissing: the weights have to be fetched first.
        WeightsDamaged: they are not those that the manifest promises.
    """
    network = build_network(manifest.network, manifest.dimension)
    found = find_cached(cache, manifest)
    if manifest.source.kind == "package":
        tensors = _converted(manifest, cache, found)
    elif manifest.source.kind == "file":
        tensors = read_safetensors(beside(manifest))
    elif found is None:
        raise WeightsMissing(
            f"the weights of {manifest.id} are not on this machine",
            f"run `facenet-app models fetch {manifest.id}`",
        )
    else:
        tensors = read_safetensors(found)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsDamaged(
            f"the weights of {manifest.id} do not fit its network",
            f"delete {cache / 'weights'} and try again"
            if manifest.source.kind != "file"
            else "the manifest and the weights are not of one training run: add the model again",
        ) from error
    return network.requires_grad_(requires_grad=False)


def _converted(manifest: Manifest, cache: Path, found: CachedWeights | None) -> dict[str, Tensor]:
    if found is not None:
        try:
            return read_safetensors(found)
        except WeightsDamaged:
            found.path.unlink()
    source = manifest.source
    file = package_file(source.package, source.path)
    if source.sha256 is None or source.format != "onnx" or manifest.network != "sface":
        raise ModelError(f"the manifest of {manifest.id} names weights that cannot be converted")
    verified(file, source.sha256, file.name)
    from facenet_app.embedding.sface import state_from_onnx

    with torch.no_grad():
        tensors = state_from_onnx(read_weights(file))
    save_safetensors(cache, manifest, source.sha256, _complete(manifest.network, tensors))
    return _complete(manifest.network, tensors)


def _complete(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """With PyTorch's counters of BatchNorm batches, which other formats do not have."""
    return {**build_network(name).state_dict(), **tensors}
