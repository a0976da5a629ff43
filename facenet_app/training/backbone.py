"""The network that a run trains: built by name, with random weights or those of a model there is."""

from pathlib import Path

import torch
from torch import nn

from facenet_app.embedding.networks import NETWORKS, build_network, load_network
from facenet_app.training.config import ModelConfig
from facenet_app.weights.manifest import load_manifest

__all__ = ["build_backbone", "completed", "first_weights"]


def completed(config: ModelConfig, models: Path) -> ModelConfig:
    """The configuration with all that follows from it filled in, as a run keeps it.

    What a model to begin with says of itself counts: network, dimension, detector, preprocessing, and
    the license unless another is stated.

    Args:
        config: as given.
        models: folder of the user's own models.

    Raises:
        UnknownModel: there is no model to begin with.
    """
    if config.start is None:
        return config.model_copy(update={"dimension": config.dimension or NETWORKS.get(config.network)})
    manifest = load_manifest(config.start, models)
    stated = config.license != ModelConfig().license
    return config.model_copy(
        update={
            "network": manifest.network,
            "dimension": manifest.dimension,
            "detector": manifest.detector,
            "mean": manifest.preprocessing.mean,
            "scale": manifest.preprocessing.scale,
            "license": config.license if stated else manifest.license,
        }
    )


def build_backbone(config: ModelConfig, seed: int) -> nn.Module:
    """The network with random weights that follow from the seed; its vectors are not normalized.

    Raises:
        ModelError: there is no such network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_network(config.network, config.dimension, unit=False)


def first_weights(network: nn.Module, config: ModelConfig, models: Path, cache: Path) -> None:
    """Give a network the weights of the model to begin with, if there is one.

    Raises:
        ModelError: the model is not known, or its weights cannot be had.
    """
    if config.start is not None:
        # Embeddings before and after normalization come of the same weights.
        network.load_state_dict(load_network(load_manifest(config.start, models), cache).state_dict())
