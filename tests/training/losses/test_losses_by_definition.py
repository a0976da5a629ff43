"""Every loss on every distance against its definition, value and gradient."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_losses import slow_loss
from torch import Tensor

from facenet_app.training.distance import Distance
from facenet_app.training.losses import LOSSES, make_loss

EVERY = [(name, kind) for name in LOSSES for kind in Distance]

# Nobody's images stand together; one, two, three and four images a person.
PEOPLE = [7, 3, 3, 9, 1, 3, 7, 1, 9, 3, 4]


def points_of(seed: int, count: int = len(PEOPLE)) -> Tensor:
    return torch.randn(count, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_value_and_gradient_are_those_of_the_definition(name: str, kind: Distance) -> None:
    chosen, definition = slow_loss(name, kind)
    loss = make_loss(name, distance=kind, **chosen)
    for seed in range(3):
        ours, slow = points_of(seed).requires_grad_(), points_of(seed).requires_grad_()
        value, expected = loss(ours, torch.tensor(PEOPLE)).value, definition(slow, PEOPLE)
        value.backward()
        expected.backward()
        assert expected.item() > 0
        torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(ours.grad, slow.grad, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_gradcheck(name: str, kind: Distance) -> None:
    chosen, _ = slow_loss(name, kind)
    loss = make_loss(name, distance=kind, **chosen)
    points = points_of(3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, torch.tensor(PEOPLE)).value, (points,))


# Whole numbers in few dimensions: distances are exact, and equal ones are the rule.
GRID = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=count, max_size=count),
        st.lists(st.integers(0, 2), min_size=count, max_size=count),
    )
)


@pytest.mark.parametrize("kind", [Distance.SQUARED, Distance.EUCLIDEAN])
@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=25, deadline=None)
@given(batch=GRID)
def test_ties_and_batches_of_any_shape(
    name: str, kind: Distance, batch: tuple[list[tuple[int, int]], list[int]]
) -> None:
    chosen, definition = slow_loss(name, kind)
    points, labels = torch.tensor(batch[0], dtype=torch.float64), batch[1]
    result = make_loss(name, distance=kind, **chosen)(points, torch.tensor(labels))
    torch.testing.assert_close(result.value, definition(points, labels), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_the_order_of_the_batch_does_not_matter(name: str, kind: Distance) -> None:
    if name == "n_pair":
        pytest.skip("which images are paired follows the order of the batch")
    loss, labels = make_loss(name, distance=kind), torch.tensor(PEOPLE)
    points = points_of(5)
    order = torch.randperm(len(PEOPLE), generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(loss(points[order], labels[order]).value, loss(points, labels).value)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_several_blocks_of_rows_are_one_batch(name: str, kind: Distance) -> None:
    """1,000 images are worked through in several blocks; copies of a batch far apart leave its mean."""
    loss = make_loss(name, distance=kind)
    labels = torch.arange(1000) % 90
    points = points_of(6, 1000).requires_grad_()
    whole = loss(points, labels)
    # The same batch with the people in another order falls into other blocks.
    renamed = loss(points, (labels * 37) % 90)
    torch.testing.assert_close(whole.value, renamed.value)
    for key, statistic in whole.statistics.items():
        torch.testing.assert_close(renamed.statistics[key], statistic)
    (gradient,) = torch.autograd.grad(whole.value, points, retain_graph=True)
    (other,) = torch.autograd.grad(renamed.value, points)
    torch.testing.assert_close(gradient, other)
