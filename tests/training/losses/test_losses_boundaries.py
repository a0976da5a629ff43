"""What happens at exactly the margin, at equal distances, and where there is nothing to learn from."""

import pytest
import torch

from facenet_app.training.distance import Distance
from facenet_app.training.losses import LOSSES, make_loss

EVERY = [(name, kind) for name in LOSSES for kind in Distance]


def on_a_line(*positions: float) -> torch.Tensor:
    return torch.tensor([[position, 0.0] for position in positions], requires_grad=True)


@pytest.mark.parametrize("name", ["triplet_semi_hard", "triplet_batch_all", "triplet_batch_hard"])
def test_at_exactly_the_margin_a_triplet_costs_nothing_and_is_not_active(name: str) -> None:
    # Both anchors: d_ap = 1, d_an = 4 and 9 resp. 4, squared.
    points = on_a_line(0, 1, -2, 3)
    result = make_loss(name, margin=3.0)(points, torch.tensor([0, 0, 1, 2]))
    result.value.backward()
    assert result.value.item() == 0
    assert float(result.statistics["active"]) == 0
    assert points.grad is not None
    assert not points.grad.any()
    assert make_loss(name, margin=3.5)(points, torch.tensor([0, 0, 1, 2])).value.item() == pytest.approx(0.5)


def test_a_non_mated_pair_at_exactly_the_margin_costs_nothing() -> None:
    points = on_a_line(0, 1)
    result = make_loss("contrastive", margin=1.0)(points, torch.tensor([0, 1]))
    assert result.value.item() == 0
    assert float(result.statistics["active"]) == 0


def test_a_negative_as_far_as_the_positive_is_not_semi_hard() -> None:
    # From 0: positive at 1, negatives at -1 (as far) and 3. From 1: negatives at 2 and 4, both farther.
    result = make_loss("triplet_semi_hard", margin=10.0)(on_a_line(0, 1, -1, 3), torch.tensor([0, 0, 1, 2]))
    assert result.value.item() == pytest.approx(((1 - 9 + 10) + (1 - 4 + 10)) / 2)
    assert float(result.statistics["fallback"]) == 0
    assert float(result.statistics["semi_hard"]) == 1


def test_without_a_farther_negative_the_farthest_is_taken() -> None:
    # From both ends of 0 … 4 the negatives at 1 and 2 are nearer than the positive.
    result = make_loss("triplet_semi_hard", margin=1.0)(on_a_line(0, 4, 1, 2), torch.tensor([0, 0, 1, 2]))
    assert result.value.item() == pytest.approx(((16 - 4 + 1) + (16 - 9 + 1)) / 2)
    assert float(result.statistics["fallback"]) == 1
    assert float(result.statistics["semi_hard"]) == 0
    assert float(result.statistics["active"]) == 1


def test_semi_hard_statistics_by_hand() -> None:
    # The pairs 0-1, 0-2, 1-0, 1-2, 2-1, 2-0, then 1.5 (nothing farther than its positive) and -6.
    points = on_a_line(0, 1, 2, 1.5, -6)
    result = make_loss("triplet_semi_hard", margin=2.0)(points, torch.tensor([0, 0, 0, 1, 1]))
    named = {name: float(value) for name, value in result.statistics.items()}
    near = [1, 4, 1, 1, 1, 4, 7.5**2, 7.5**2]
    far = [2.25, 36, 49, 49, 64, 64, 2.25, 64]
    assert named["triplets"] == 8
    assert named["mean_ap"] == pytest.approx(sum(near) / 8)
    assert named["mean_an"] == pytest.approx(sum(far) / 8)
    losses = [max(0, a - b + 2) for a, b in zip(near, far, strict=True)]
    assert result.value.item() == pytest.approx(sum(losses) / 8)
    assert named["active"] == pytest.approx(sum(each > 0 for each in losses) / 8)


@pytest.mark.parametrize("labels", [[], [4], [1, 2, 3], [5, 5, 5]])
@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_without_a_valid_triplet_the_loss_is_a_zero_of_the_graph(
    name: str, kind: Distance, labels: list[int]
) -> None:
    if name == "contrastive" and len(labels) > 1:
        pytest.skip("any two images make a pair")
    points = torch.randn(len(labels), 4, requires_grad=True)
    result = make_loss(name, distance=kind)(points, torch.tensor(labels, dtype=torch.int64))
    result.value.backward()
    assert result.value.item() == 0
    assert float(result.statistics["triplets"]) == 0
    assert float(result.statistics["mean_ap"]) != float(result.statistics["mean_ap"])
    assert points.grad is not None
    assert not points.grad.any()


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_an_empty_batch_has_the_statistics_of_any_other(name: str, kind: Distance) -> None:
    loss = make_loss(name, distance=kind)
    none = loss(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    some = loss(torch.randn(8, 4), torch.arange(8) // 2)
    assert none.statistics.keys() == some.statistics.keys()
    assert all(not value.requires_grad and value.ndim == 0 for value in some.statistics.values())


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_the_same_image_twice_leaves_the_gradient_finite(name: str, kind: Distance) -> None:
    points = torch.ones(6, 4, requires_grad=True)
    value = make_loss(name, distance=kind)(points, torch.tensor([0, 0, 1, 1, 2, 2])).value
    value.backward()
    assert torch.isfinite(value)
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_a_nan_is_not_hidden(name: str, kind: Distance, place: int) -> None:
    points = torch.randn(4, 3)
    points[place, 1] = torch.nan
    assert torch.isnan(make_loss(name, distance=kind)(points, torch.tensor([0, 0, 1, 1])).value)


def test_collapsed_embeddings_lie_at_the_margin() -> None:
    points = torch.nn.functional.normalize(torch.ones(6, 4))
    for name in ("triplet_semi_hard", "triplet_batch_all", "triplet_batch_hard"):
        value = make_loss(name, margin=0.2)(points, torch.tensor([0, 0, 1, 1, 2, 2])).value
        assert value.item() == pytest.approx(0.2, abs=1e-6)
