"""What a loss is for: a closer positive costs less, and following the gradient separates people."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from facenet_app.training.distance import Distance
from facenet_app.training.losses import LOSSES, make_loss

EVERY = [(name, kind) for name in LOSSES for kind in Distance]


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_a_closer_positive_costs_less(name: str, kind: Distance) -> None:
    # The positive moves towards the anchor in a plane that is square to the other person's.
    loss = make_loss(name, distance=kind, **({} if name == "triplet_soft_margin" else _wide(name)))
    labels = torch.tensor([0, 0, 1, 1])
    values = []
    for angle in (1.4, 1.0, 0.6, 0.2):
        planes = torch.zeros(4, 4)
        planes[:2, :2] = _directions(0, angle)
        planes[2:, 2:] = _directions(0, 0.3)
        values.append(float(loss(planes, labels).value))
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_following_the_gradient_separates_people(name: str, kind: Distance) -> None:
    labels = torch.arange(24) % 12  # the N-pair loss does not connect more than two
    points = torch.randn(24, 8, generator=torch.Generator().manual_seed(2)).requires_grad_()
    loss = make_loss(name, distance=kind)
    before = _gap(points, labels)
    for _ in range(60):
        (gradient,) = torch.autograd.grad(loss(normalize(points), labels).value, points)
        with torch.no_grad():
            points -= 0.1 * normalize(gradient.flatten(), dim=0).view_as(points)
    assert _gap(points, labels) > before + 0.2


def _directions(*angles: float) -> torch.Tensor:
    return torch.tensor([[math.cos(angle), math.sin(angle)] for angle in angles])


def _wide(name: str) -> dict[str, float]:
    return {"temperature": 0.5} if name in ("info_nce", "n_pair") else {"margin": 5.0}


def _gap(points: torch.Tensor, labels: torch.Tensor) -> float:
    """How much farther apart other people are than images of the same one, on average."""
    with torch.no_grad():
        distances = torch.cdist(normalize(points), normalize(points))
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    others = ~torch.eye(len(labels), dtype=torch.bool)
    return float(distances[~same].mean() - distances[same & others].mean())
