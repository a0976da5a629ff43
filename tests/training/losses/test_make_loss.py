"""Losses by name, and what their configs refuse."""

import pytest
import torch

from facenet_app.errors import UsageError
from facenet_app.training.distance import Distance
from facenet_app.training.losses import LOSSES, BatchLoss, TripletConfig, make_loss


@pytest.mark.parametrize("name", LOSSES)
def test_every_name_makes_its_own_loss(name: str) -> None:
    assert isinstance(make_loss(name), BatchLoss)
    assert len({type(make_loss(other)) for other in LOSSES}) == len(LOSSES)


def test_settings_reach_the_loss() -> None:
    loss = make_loss("triplet_semi_hard", margin=0.4, distance="cosine")
    assert loss.config == TripletConfig(margin=0.4, distance=Distance.COSINE)


def test_the_default_is_facenets() -> None:
    assert make_loss("triplet_semi_hard").config == TripletConfig(margin=0.2, distance=Distance.SQUARED)


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(UsageError, match="triplet_semi_hard, triplet_batch_all"):
        make_loss("triplet")


def test_an_unknown_setting_lists_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no setting 'temperature'; it has margin, distance"):
        make_loss("triplet_semi_hard", temperature=1.0)


def test_an_unknown_distance_lists_those_that_exist() -> None:
    with pytest.raises(UsageError, match="euclidean, squared_euclidean, cosine"):
        make_loss("info_nce", distance="manhattan")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("triplet_semi_hard", {"margin": -0.1}),
        ("triplet_batch_all", {"margin": float("nan")}),
        ("triplet_batch_hard", {"margin": float("inf")}),
        ("contrastive", {"margin": 0.0}),
        ("info_nce", {"temperature": 0.0}),
        ("n_pair", {"temperature": -1.0}),
    ],
)
def test_values_that_make_no_sense_are_refused(name: str, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="give a finite number"):
        make_loss(name, **wrong)


@pytest.mark.parametrize("name", LOSSES)
def test_shapes_that_do_not_fit_are_refused(name: str) -> None:
    loss = make_loss(name)
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(4,\)"):
        loss(torch.zeros(3, 2), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match="floating"):
        loss(torch.zeros(3, 2, dtype=torch.int64), torch.zeros(3, dtype=torch.int64))
