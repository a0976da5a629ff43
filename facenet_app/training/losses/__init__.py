"""Losses that learn from labeled embeddings, each a small module with one config."""

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
from facenet_app.training.losses.functional import triplet_loss
from facenet_app.training.losses.info_nce import InfoNCELoss
from facenet_app.training.losses.make import LOSSES, make_loss
from facenet_app.training.losses.n_pair import NPairLoss
from facenet_app.training.losses.result import LossResult
from facenet_app.training.losses.semi_hard import SemiHardTripletLoss

__all__ = [
    "LOSSES",
    "BatchAllTripletLoss",
    "BatchHardTripletLoss",
    "BatchLoss",
    "ContrastiveConfig",
    "ContrastiveLoss",
    "InfoNCELoss",
    "LossResult",
    "NPairLoss",
    "SemiHardTripletLoss",
    "SoftMarginConfig",
    "SoftMarginTripletLoss",
    "SoftmaxConfig",
    "TripletConfig",
    "make_loss",
    "triplet_loss",
]
