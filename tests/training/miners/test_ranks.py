"""Counting and searching give the same places."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from facenet_app.training.miners.ranks import ranks

ROW = st.lists(st.integers(0, 6), max_size=8)


@settings(deadline=None)
@given(ROW, ROW, st.booleans())
def test_ranks_are_counts(thresholds: list[int], values: list[int], inclusive: bool) -> None:
    limits = sorted(thresholds)
    found = ranks(torch.tensor([limits]).float(), torch.tensor([values]).float(), inclusive=inclusive)
    expected = [sum(limit < value or (inclusive and limit == value) for limit in limits) for value in values]
    assert found.tolist() == [expected]


def test_many_thresholds_are_searched_and_infinities_pad() -> None:
    generator = torch.Generator().manual_seed(0)
    limits = torch.rand(3, 200, generator=generator).sort(1).values
    limits[:, 150:] = torch.inf
    values = torch.rand(3, 500, generator=generator)
    values[:, 0] = torch.inf
    parts = ranks(limits[:, :100], values) + ranks(limits[:, 100:], values)
    assert torch.equal(ranks(limits, values), parts)
    assert ranks(limits, values)[:, 0].tolist() == [150] * 3
    assert ranks(limits, values, inclusive=True)[:, 0].tolist() == [200] * 3
