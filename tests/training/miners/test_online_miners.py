"""Online miners against loops over all triplets, with equal distances as the rule."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_miners import Points, distance, every, semi_hard_distance

from facenet_app.errors import UsageError
from facenet_app.training.distance import Distance
from facenet_app.training.miners import (
    AllMiner,
    EasyPositiveMiner,
    HardMiner,
    Mined,
    MinerConfig,
    OnlineMiner,
    SemiHardMiner,
)

Batch = tuple[Points, list[int]]
BATCHES = st.integers(0, 10).flatmap(
    lambda count: st.tuples(
        st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=count, max_size=count),
        st.lists(st.integers(0, 2), min_size=count, max_size=count),
    )
)
UNHURRIED = settings(deadline=None)
KINDS = st.sampled_from([Distance.EUCLIDEAN, Distance.SQUARED])
MINERS = [AllMiner, SemiHardMiner, HardMiner, EasyPositiveMiner]


def mined(miner: OnlineMiner, batch: Batch) -> list[tuple[int, int, int]]:
    points = torch.tensor(batch[0], dtype=torch.float32).reshape(-1, 2)
    return triplets(miner(points, torch.tensor(batch[1], dtype=torch.int64)))


def triplets(found: Mined) -> list[tuple[int, int, int]]:
    return list(zip(found.anchor.tolist(), found.positive.tolist(), found.negative.tolist(), strict=True))


def negatives(batch: Batch, a: int, kind: Distance) -> list[float]:
    points, labels = batch
    return [distance(points[a], points[n], kind) for n in range(len(labels)) if labels[n] != labels[a]]


@UNHURRIED
@given(BATCHES, KINDS)
def test_all(batch: Batch, kind: Distance) -> None:
    assert sorted(mined(AllMiner(MinerConfig(kind)), batch)) == list(every(batch[1]))


@UNHURRIED
@given(BATCHES, KINDS, st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_all_within_a_margin(batch: Batch, kind: Distance, margin: float) -> None:
    points, labels = batch
    wanted = [
        (a, p, n)
        for a, p, n in every(labels)
        if distance(points[a], points[p], kind) - distance(points[a], points[n], kind) + margin > 0
    ]
    assert sorted(mined(AllMiner(MinerConfig(kind, margin)), batch)) == wanted


@UNHURRIED
@given(BATCHES, KINDS)
def test_semi_hard(batch: Batch, kind: Distance) -> None:
    points, labels = batch
    found = mined(SemiHardMiner(MinerConfig(kind)), batch)
    assert sorted((a, p) for a, p, _ in found) == sorted({(a, p) for a, p, _ in every(labels)})
    assert set(found) <= set(every(labels))
    for a, p, n in found:
        near, far = distance(points[a], points[p], kind), distance(points[a], points[n], kind)
        assert far == semi_hard_distance(near, negatives(batch, a, kind))


@UNHURRIED
@given(BATCHES)
def test_without_fallback_every_negative_is_farther(batch: Batch) -> None:
    points, labels = batch
    found = mined(SemiHardMiner(fallback=False), batch)
    near = {(a, p): distance(points[a], points[p], Distance.SQUARED) for a, p, _ in every(labels)}
    wanted = {pair for pair in near if max(negatives(batch, pair[0], Distance.SQUARED)) > near[pair]}
    assert {(a, p) for a, p, _ in found} == wanted
    assert all(distance(points[a], points[n], Distance.SQUARED) > near[a, p] for a, p, n in found)


@UNHURRIED
@given(BATCHES, KINDS)
def test_hard(batch: Batch, kind: Distance) -> None:
    points, labels = batch
    found = mined(HardMiner(MinerConfig(kind)), batch)
    assert sorted(a for a, _, _ in found) == sorted({a for a, _, _ in every(labels)})
    assert set(found) <= set(every(labels))
    for a, p, n in found:
        positives = [distance(points[a], points[q], kind) for b, q, _ in every(labels) if a == b]
        assert distance(points[a], points[p], kind) == max(positives)
        assert distance(points[a], points[n], kind) == min(negatives(batch, a, kind))


@pytest.mark.parametrize("negative", ["hard", "semi_hard"])
@UNHURRIED
@given(batch=BATCHES, kind=KINDS)
def test_easy_positive(negative: str, batch: Batch, kind: Distance) -> None:
    points, labels = batch
    found = mined(EasyPositiveMiner(MinerConfig(kind), negative=negative), batch)
    assert sorted(a for a, _, _ in found) == sorted({a for a, _, _ in every(labels)})
    assert set(found) <= set(every(labels))
    for a, p, n in found:
        near, far = distance(points[a], points[p], kind), distance(points[a], points[n], kind)
        assert near == min(distance(points[a], points[q], kind) for b, q, _ in every(labels) if a == b)
        others = negatives(batch, a, kind)
        assert far == (min(others) if negative == "hard" else semi_hard_distance(near, others))


@pytest.mark.parametrize("miner", MINERS)
@UNHURRIED
@given(batch=BATCHES, kind=KINDS, margin=st.sampled_from([None, 0.0, 1.0]))
def test_statistics_describe_the_triplets(
    miner: type[OnlineMiner], batch: Batch, kind: Distance, margin: float | None
) -> None:
    points = torch.tensor(batch[0], dtype=torch.float32).reshape(-1, 2)
    found = miner(MinerConfig(kind, margin))(points, torch.tensor(batch[1], dtype=torch.int64))
    near = [distance(batch[0][a], batch[0][p], kind) for a, p, _ in triplets(found)]
    far = [distance(batch[0][a], batch[0][n], kind) for a, _, n in triplets(found)]
    if margin is not None:
        assert all(one - other + margin > 0 for one, other in zip(near, far, strict=True))
    named = {name: value.item() for name, value in found.statistics.items()}
    count = named.pop("triplets")
    assert count == len(near)
    if not count:
        assert all(math.isnan(value) for value in named.values())
        return
    farther = sum(one < other for one, other in zip(near, far, strict=True)) / count
    expected = {
        "mean_ap": sum(near) / count,
        "mean_an": sum(far) / count,
        "semi_hard": farther,
        "hard": 1 - farther,
    }
    assert named == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("miner", MINERS)
def test_cosine_does_not_see_lengths(miner: type[OnlineMiner]) -> None:
    generator = torch.Generator().manual_seed(0)
    points, labels = torch.randn(30, 6, generator=generator), torch.arange(30) % 7
    lengths = torch.rand(30, 1, generator=generator) + 0.5
    choose = miner(MinerConfig("cosine"))
    assert triplets(choose(points, labels)) == triplets(choose(points * lengths, labels))
    on_sphere = torch.nn.functional.normalize(points)
    assert triplets(choose(points, labels)) == triplets(miner()(on_sphere, labels))


@pytest.mark.parametrize("miner", MINERS)
def test_nothing_is_differentiated(miner: type[OnlineMiner]) -> None:
    points = torch.randn(8, 3, requires_grad=True)
    found = miner()(points, torch.arange(8) % 2)
    assert not any(statistic.requires_grad for statistic in found.statistics.values())


def test_a_person_with_more_images_than_are_counted_is_searched() -> None:
    # Beyond 128 positives the place of a negative among them is found by bisection.
    points = torch.randn(200, 4, generator=torch.Generator().manual_seed(1))
    labels = (torch.arange(200) >= 160).long()
    found = SemiHardMiner()(points, labels)
    squared = torch.cdist(points.double(), points.double()).square()
    near = squared[found.anchor, found.positive]
    far = squared[found.anchor, found.negative]
    beyond = squared[found.anchor].masked_fill(labels == labels[found.anchor].unsqueeze(1), torch.inf)
    nearest = beyond.masked_fill(beyond <= near.unsqueeze(1), torch.inf).amin(1)
    last = beyond.masked_fill(beyond.isinf(), -torch.inf).amax(1)
    assert torch.allclose(far, torch.where(nearest.isinf(), last, nearest))
    assert len(near) == 160 * 159 + 40 * 39


@pytest.mark.parametrize("wrong", [{"margin": -1.0}, {"margin": math.nan}, {"distance": "manhattan"}])
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        MinerConfig(**wrong)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(4,\)"):
        HardMiner()(torch.zeros(3, 2), torch.zeros(4, dtype=torch.int64))
