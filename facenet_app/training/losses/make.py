"""Losses by name, for configuration files."""

from dataclasses import fields
from typing import Any, Final, TypeVar

from facenet_app.errors import UsageError
from facenet_app.training.losses.base import BatchLoss
from facenet_app.training.losses.batch_all import BatchAllTripletLoss
from facenet_app.training.losses.batch_hard import BatchHardTripletLoss, SoftMarginTripletLoss
from facenet_app.training.losses.config import (
    ContrastiveConfig,
    SoftMarginConfig,
    SoftmaxConfig,
    TripletConfig,
)
from facenet_app.training.losses.contrastive import ContrastiveLoss
from facenet_app.training.losses.info_nce import InfoNCELoss
from facenet_app.training.losses.n_pair import NPairLoss
from facenet_app.training.losses.semi_hard import SemiHardTripletLoss

__all__ = ["LOSSES", "make_loss"]

LOSSES: Final = (
    "triplet_semi_hard",
    "triplet_batch_all",
    "triplet_batch_hard",
    "triplet_soft_margin",
    "contrastive",
    "info_nce",
    "n_pair",
)
"""The names that :func:`make_loss` knows."""

Config = TypeVar("Config", TripletConfig, SoftMarginConfig, ContrastiveConfig, SoftmaxConfig)


def make_loss(name: str, **settings: Any) -> BatchLoss:
    """The loss of this name; settings are the fields of its config, and the rest keep their defaults.

    Raises:
        UsageError: an unknown name or setting, or a value that the config refuses.
    """
    loss: BatchLoss
    match name:
        case "triplet_semi_hard":
            loss = SemiHardTripletLoss(_config(TripletConfig, name, settings))
        case "triplet_batch_all":
            loss = BatchAllTripletLoss(_config(TripletConfig, name, settings))
        case "triplet_batch_hard":
            loss = BatchHardTripletLoss(_config(TripletConfig, name, settings))
        case "triplet_soft_margin":
            loss = SoftMarginTripletLoss(_config(SoftMarginConfig, name, settings))
        case "contrastive":
            loss = ContrastiveLoss(_config(ContrastiveConfig, name, settings))
        case "info_nce":
            loss = InfoNCELoss(_config(SoftmaxConfig, name, settings))
        case "n_pair":
            loss = NPairLoss(_config(SoftmaxConfig, name, settings))
        case _:
            raise UsageError(f"there is no loss {name!r}", f"choose one of {', '.join(LOSSES)}")
    return loss


def _config(kind: type[Config], name: str, settings: dict[str, Any]) -> Config:
    known = [field.name for field in fields(kind)]
    for setting in settings:
        if setting not in known:
            raise UsageError(f"the loss {name} has no setting {setting!r}", f"it has {', '.join(known)}")
    return kind(**settings)
