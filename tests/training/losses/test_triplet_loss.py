"""The functional form against PyTorch's own, and what that one lacks."""

import pytest
import torch
from torch.nn.functional import triplet_margin_loss

from facenet_app.errors import UsageError
from facenet_app.training.losses import triplet_loss


def triplets(*shape: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(*shape, dtype=torch.float64, generator=generator) for _ in range(3))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("margin", [0.25, 1.0])
def test_as_pytorch(reduction: str, p: int, margin: float) -> None:
    given = triplets(20, 8)
    expected = triplet_margin_loss(*given, margin=margin, p=p, reduction=reduction)
    torch.testing.assert_close(triplet_loss(*given, p=p, margin=margin, reduction=reduction), expected)


def test_the_defaults_are_pytorchs() -> None:
    given = triplets(20, 8)
    torch.testing.assert_close(triplet_loss(*given), triplet_margin_loss(*given))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_any_axis_can_hold_the_components(axis: int) -> None:
    given = triplets(3, 4, 5)
    expected = triplet_margin_loss(*(points.movedim(axis, -1) for points in given), reduction="none")
    torch.testing.assert_close(triplet_loss(*given, axis=axis, reduction="none"), expected)


def test_at_exactly_the_margin_it_costs_nothing() -> None:
    anchor, positive, negative = (torch.tensor([[at]]) for at in (0.0, -1.0, -2.0))
    losses = triplet_loss(anchor, positive, negative, margin=1.0, eps=0.0, reduction="none")
    assert losses.tolist() == [0.0]


def test_the_gradient_exists_where_all_points_are_the_same() -> None:
    points = torch.ones(4, 3, requires_grad=True)
    triplet_loss(points, points, points).backward()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()


def test_gradcheck() -> None:
    given = tuple(points.requires_grad_() for points in triplets(4, 3))
    assert torch.autograd.gradcheck(triplet_loss, given)


def test_half_precision_is_computed_in_single() -> None:
    given = tuple(points.half() for points in triplets(20, 8))
    value = triplet_loss(*given)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, triplet_loss(*(points.float() for points in given)))


def test_a_closer_positive_costs_less() -> None:
    anchor, positive, negative = triplets(1, 8)
    closer = anchor + (positive - anchor) / 2
    assert triplet_loss(anchor, closer, negative, margin=9) < triplet_loss(
        anchor, positive, negative, margin=9
    )


@pytest.mark.parametrize("wrong", [{"reduction": "max"}, {"margin": -1.0}, {"margin": float("nan")}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        triplet_loss(*triplets(2, 3), **wrong)
