"""Inception-ResNet-v1, the network of the FaceNet models that most people know.

Architecture: Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections
on Learning", AAAI 2017; as a face embedder by David Sandberg (github.com/davidsandberg/facenet). The
PyTorch module is that of the package ``facenet-pytorch``, so its published weights fit.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from facenet_app.errors import WeightsDamaged

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["inception_resnet_v1", "state_from_checkpoint"]

CLASSIFIER = "logits."
PUBLISHED = 512
"""The dimension of the published weights; FaceNet's paper has 128."""


def inception_resnet_v1(dimension: int = PUBLISHED, *, unit: bool = True) -> "nn.Module":
    """The embedding network with random weights; nothing is downloaded.

    float32 (N, 3, height, width), RGB as ``(x - 127.5) / 128``, made for 160×160, to (N, dimension) of
    L2 norm 1. In training mode batches need two faces or more, as the last BatchNorm averages over them.

    Args:
        dimension: length of an embedding.
        unit: whether embeddings come normalized; in training the norm before tells how things go.
    """
    # Its package imports torchvision too: only those who use this network shall wait for that.
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1
    from torch import nn

    # Both arguments matter: naming pretrained weights downloads them, classify=True returns logits.
    network: nn.Module = InceptionResnetV1(pretrained=None, classify=False)
    if dimension != PUBLISHED:
        inputs = network.get_submodule("last_linear").in_features
        assert isinstance(inputs, int)
        network.last_linear = nn.Linear(inputs, dimension, bias=False)
        network.last_bn = nn.BatchNorm1d(dimension, eps=1e-3, momentum=0.1)
    if not unit:
        # With classify set, the module hands what it would normalize to its classifier: here to nothing.
        setattr(network, "classify", True)  # noqa: B010 (to mypy, attributes of modules are tensors)
        network.logits = nn.Identity()
    return network


def state_from_checkpoint(checkpoint: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The network's ``state_dict`` from a published checkpoint, without its classification layer.

    Raises:
        WeightsDamaged: tensors are missing, unknown, or of another shape or kind.
    """
    network = inception_resnet_v1().state_dict()
    state = {name: tensor for name, tensor in checkpoint.items() if not name.startswith(CLASSIFIER)}
    missing, unknown = network.keys() - state.keys(), state.keys() - network.keys()
    if missing or unknown:
        example = min(missing or unknown)
        raise WeightsDamaged(
            f"the checkpoint lacks {len(missing)} tensors of Inception-ResNet-v1 "
            f"and has {len(unknown)} others (such as {example!r})",
            "give the checkpoint that the manifest names",
        )
    for name, tensor in state.items():
        expected = network[name]
        if tensor.shape != expected.shape or tensor.dtype != expected.dtype:
            raise WeightsDamaged(
                f"{name} of the checkpoint is {tensor.dtype} {tuple(tensor.shape)} "
                f"where Inception-ResNet-v1 has {expected.dtype} {tuple(expected.shape)}",
                "give the checkpoint that the manifest names",
            )
    return state
