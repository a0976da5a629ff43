"""The gradient of a batch in pieces is that of the batch."""

import pytest
import torch
from small import images, network
from torch import Tensor, nn
from torch.nn import functional

from facenet_app.training.gradients import batch_gradients, spread_of
from facenet_app.training.losses import LOSSES, make_loss

CHUNKS = (1, 5, 7, 16, 23, 24, 100)


def batch(count: int = 24) -> tuple[Tensor, Tensor]:
    data = images(people=6)
    pixels = torch.from_numpy(data.pixels(range(count))).permute(0, 3, 1, 2)
    return (pixels.double() - 127.5) / 128, torch.from_numpy(data.labels[:count])


def gradients(model: nn.Module) -> dict[str, Tensor]:
    return {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}


def plainly(
    model: nn.Module, loss: nn.Module, faces: Tensor, labels: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """One graph through everything: what the two passes must equal."""
    value = loss(functional.normalize(model(faces)), labels).value
    value.backward()
    return value.detach(), gradients(model)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("chunk", CHUNKS)
def test_pieces_give_the_gradient_of_the_whole_batch(name: str, chunk: int) -> None:
    faces, labels = batch()
    loss = make_loss(name)
    model = network(dropout=0, norm=False).double()
    value, expected = plainly(model, loss, faces, labels)
    model.zero_grad()
    outcome = batch_gradients(model, loss, lambda piece, _: model(piece), (faces, labels), chunk=chunk)
    torch.testing.assert_close(outcome.loss.value, value, rtol=1e-12, atol=1e-14)
    found = gradients(model)
    assert set(found) == set(expected)
    for name_of, each in found.items():
        torch.testing.assert_close(each, expected[name_of], rtol=1e-9, atol=1e-12)


def test_frozen_statistics_do_not_depend_on_the_pieces() -> None:
    faces, labels = batch()
    loss = make_loss("triplet_batch_all")
    model = network(dropout=0).double().eval()
    _, expected = plainly(model, loss, faces, labels)
    model.zero_grad()
    batch_gradients(model, loss, lambda piece, _: model(piece), (faces, labels), chunk=5)
    for name, each in gradients(model).items():
        torch.testing.assert_close(each, expected[name], rtol=1e-9, atol=1e-12)


def test_both_passes_drop_out_and_normalize_alike() -> None:
    faces, labels = batch()
    model = network(dropout=0.5).double().train()
    seen: dict[int, list[Tensor]] = {}

    def embed(piece: Tensor, number: int) -> Tensor:
        torch.manual_seed(number)
        vectors: Tensor = model(piece)
        seen.setdefault(number, []).append(vectors.detach())
        return vectors

    batch_gradients(model, make_loss("triplet_batch_all"), embed, (faces, labels), chunk=8)
    assert set(seen) == {0, 1, 2}
    for first, second in seen.values():
        torch.testing.assert_close(first, second, rtol=0, atol=0)


@pytest.mark.parametrize("chunk", [0, 8])
def test_running_statistics_see_every_face_once(chunk: int) -> None:
    faces, labels = batch()
    model, reference = network().double().train(), network().double().train()
    batch_gradients(
        model, make_loss("triplet_batch_all"), lambda piece, _: model(piece), (faces, labels), chunk=chunk
    )
    for piece in torch.split(faces, chunk or len(faces)):
        reference(piece)
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        torch.testing.assert_close(model[1].get_buffer(name), reference[1].get_buffer(name))
    assert model[1].track_running_stats


def test_no_piece_is_left_with_a_single_face() -> None:
    faces, labels = batch()
    sizes: list[int] = []

    def embed(piece: Tensor, _: int) -> Tensor:
        sizes.append(len(piece))
        return piece.flatten(1)[:, :8].clone().requires_grad_()

    batch_gradients(nn.Identity(), make_loss("triplet_batch_all"), embed, (faces, labels), chunk=23)
    assert sizes == [12, 12, 12, 12]  # two pieces, twice each


def test_norms_are_those_before_normalization() -> None:
    faces, labels = batch()
    model = network(dropout=0, norm=False).double()
    outcome = batch_gradients(
        model, make_loss("triplet_semi_hard"), lambda piece, _: model(piece), (faces, labels), chunk=10
    )
    torch.testing.assert_close(outcome.norms, model(faces).norm(dim=1).detach())
    torch.testing.assert_close(outcome.embeddings.norm(dim=1), torch.ones(24, dtype=torch.float64))


def test_spread_of_points() -> None:
    same = torch.tensor([[1.0, 0.0]]).repeat(5, 1)
    assert [float(each) for each in spread_of(same)] == [0, 0]
    mean, deviation = spread_of(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    distances = torch.tensor([2**0.5, 2, 2**0.5])
    torch.testing.assert_close(mean, distances.mean())
    torch.testing.assert_close(deviation, distances.std(correction=0))
