"""Half precision, autocast, and the precision that the training loop chose for its network."""

import pytest
import torch

from facenet_app.training.distance import Distance
from facenet_app.training.losses import LOSSES, make_loss, triplet_loss

LABELS = torch.arange(60) % 12
EVERY = [(name, kind) for name in LOSSES for kind in Distance]


def unit_vectors(seed: int = 0) -> torch.Tensor:
    points = torch.randn(60, 16, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(points)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_half_precision_costs_only_the_rounding_of_the_embeddings(
    name: str, kind: Distance, half: torch.dtype
) -> None:
    loss = make_loss(name, distance=kind)
    rounded = unit_vectors().to(half).requires_grad_()
    same = rounded.detach().float().requires_grad_()
    value, expected = loss(rounded, LABELS).value, loss(same, LABELS).value
    value.backward()
    expected.backward()
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, expected, rtol=0, atol=0)
    assert rounded.grad is not None
    assert rounded.grad.dtype == half
    torch.testing.assert_close(rounded.grad, same.grad.to(half), rtol=0, atol=0)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_autocast_changes_nothing(name: str, kind: Distance) -> None:
    loss = make_loss(name, distance=kind)
    plain, cast = unit_vectors().requires_grad_(), unit_vectors().requires_grad_()
    expected = loss(plain, LABELS).value
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(cast, LABELS).value
    value.backward()
    expected.backward()
    torch.testing.assert_close(value, expected, rtol=0, atol=0)
    torch.testing.assert_close(cast.grad, plain.grad, rtol=0, atol=0)


def test_the_networks_precision_is_put_back() -> None:
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        make_loss("triplet_semi_hard")(unit_vectors(), LABELS)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)


def test_large_half_precision_embeddings_do_not_overflow() -> None:
    points = (unit_vectors() * 300).half().requires_grad_()
    value = make_loss("triplet_semi_hard", margin=1.0)(points, LABELS).value
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(triplet_loss(points[:20], points[20:40], points[40:]))


def test_nothing_as_large_as_the_distance_matrix_is_kept_for_the_backward_pass() -> None:
    count, dimension = 3000, 8
    points = torch.randn(count, dimension, generator=torch.Generator().manual_seed(1)).requires_grad_()
    for name in LOSSES:
        kept: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda tensor, kept=kept: kept.append(tensor.numel()) or tensor, lambda tensor: tensor
        ):
            make_loss(name)(points, torch.arange(count) % 500).value.backward()
        assert 0 < sum(kept) < 20 * count * dimension
