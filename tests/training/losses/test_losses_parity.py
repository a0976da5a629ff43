"""Where definitions coincide, the values of pytorch-metric-learning and sentence-transformers."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from facenet_app.training.distance import Distance
from facenet_app.training.losses import make_loss
from facenet_app.training.miners import AllMiner, EasyPositiveMiner, HardMiner, MinerConfig, SemiHardMiner

Value = Callable[[Tensor], Tensor]

LABELS = torch.arange(96) % 16
"""As many images of everybody, because the peers give anchors without a positive other weights."""


def batches() -> list[Tensor]:
    """Unit vectors: people far from clear, partly clear, and nearly learned."""
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(16, 24, generator=generator)
    return [
        normalize(centers[LABELS] + spread * torch.randn(96, 24, generator=generator))
        for spread in (3.0, 1.0, 0.3)
    ]


def agree(
    ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor], *, gradient: bool = True
) -> None:
    for points in batches():
        mine, peers = points.clone().requires_grad_(), points.clone().requires_grad_()
        value, expected = ours(mine), theirs(peers)
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
        if gradient:
            value.backward()
            expected.backward()
            torch.testing.assert_close(mine.grad, peers.grad, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def sentences() -> ModuleType:
    return pytest.importorskip("sentence_transformers.sentence_transformer.losses")


@pytest.fixture(scope="module")
def metric_learning() -> ModuleType:
    for part in ("distances", "losses", "miners", "reducers"):
        pytest.importorskip(f"pytorch_metric_learning.{part}")
    return import_module("pytorch_metric_learning")


SENTENCE_LOSSES = {
    "triplet_semi_hard": "BatchSemiHardTripletLoss",
    "triplet_batch_all": "BatchAllTripletLoss",
    "triplet_batch_hard": "BatchHardTripletLoss",
    "triplet_soft_margin": "BatchHardSoftMarginTripletLoss",
}


@pytest.mark.parametrize("kind", Distance)
@pytest.mark.parametrize("name", SENTENCE_LOSSES)
def test_sentence_transformers_triplet_losses(sentences: ModuleType, name: str, kind: Distance) -> None:
    functions = sentences.BatchHardTripletLossDistanceFunction
    metric = {
        Distance.EUCLIDEAN: functions.euclidean_distance,
        Distance.SQUARED: lambda points: functions.euclidean_distance(points, squared=True),
        Distance.COSINE: functions.cosine_distance,
    }[kind]
    chosen = {} if name == "triplet_soft_margin" else {"margin": 0.2}
    peer = getattr(sentences, SENTENCE_LOSSES[name])(None, distance_metric=metric, **chosen)
    ours = make_loss(name, distance=kind, **chosen)
    agree(
        lambda points: ours(points, LABELS).value,
        lambda points: peer.compute_loss_from_embeddings([points], LABELS),
    )


@pytest.mark.parametrize("kind", Distance)
def test_metric_learnings_batch_all(metric_learning: ModuleType, kind: Distance) -> None:
    peer = metric_learning.losses.TripletMarginLoss(margin=0.2, distance=_distance(metric_learning, kind))
    ours = make_loss("triplet_batch_all", margin=0.2, distance=kind)
    agree(lambda points: ours(points, LABELS).value, lambda points: peer(points, LABELS))


@pytest.mark.parametrize("kind", Distance)
def test_metric_learnings_batch_hard(metric_learning: ModuleType, kind: Distance) -> None:
    distance = _distance(metric_learning, kind)
    miner = metric_learning.miners.BatchHardMiner(distance=distance)
    mean = metric_learning.reducers.MeanReducer()
    peer = metric_learning.losses.TripletMarginLoss(margin=0.2, distance=distance, reducer=mean)
    ours = make_loss("triplet_batch_hard", margin=0.2, distance=kind)
    agree(
        lambda points: ours(points, LABELS).value,
        lambda points: peer(points, LABELS, miner(points, LABELS)),
    )


@pytest.mark.parametrize("kind", [Distance.COSINE, Distance.SQUARED])
def test_metric_learnings_info_nce(metric_learning: ModuleType, kind: Distance) -> None:
    peer = metric_learning.losses.NTXentLoss(temperature=0.2, distance=_distance(metric_learning, kind))
    ours = make_loss("info_nce", temperature=0.2, distance=kind)
    agree(lambda points: ours(points, LABELS).value, lambda points: peer(points, LABELS))


def test_metric_learnings_n_pair(metric_learning: ModuleType) -> None:
    peer = metric_learning.losses.NPairsLoss()
    ours = make_loss("n_pair", temperature=1.0, distance="cosine")
    first, none = torch.arange(16), torch.arange(0)
    # Two images of everybody; the peer would draw which of them is the anchor.
    pairs = (first, first + 16, none, none)
    agree(
        lambda points: ours(points[:32], LABELS[:32]).value,
        lambda points: peer(points[:32], LABELS[:32], pairs),
        # Theirs is the dot product's, ours also turns unit vectors only along the sphere.
        gradient=False,
    )


def test_sentence_transformers_contrastive(sentences: ModuleType) -> None:
    first, second = torch.triu_indices(96, 96, offset=1)
    peer = sentences.ContrastiveLoss(None, margin=0.9)
    ours = make_loss("contrastive", margin=0.9, distance="euclidean")
    peer.distance_metric = lambda a, b: (a - b).norm(dim=1)
    mated = (LABELS[first] == LABELS[second]).int()
    agree(
        lambda points: ours(points, LABELS).value,
        lambda points: peer.compute_loss_from_embeddings([points[first], points[second]], mated),
    )


@pytest.mark.parametrize("kind", Distance)
def test_metric_learnings_miners(metric_learning: ModuleType, kind: Distance) -> None:
    miners, distance = metric_learning.miners, _distance(metric_learning, kind)
    easy_hard = miners.BatchEasyHardMiner
    for points in batches():
        for kind_of, ours in (
            ("all", AllMiner(MinerConfig(kind, margin=0.2))),
            ("hard", HardMiner(MinerConfig(kind))),
            ("easy", EasyPositiveMiner(MinerConfig(kind), negative="hard")),
        ):
            peer = {
                "all": miners.TripletMarginMiner(margin=0.2, type_of_triplets="all", distance=distance),
                "hard": miners.BatchHardMiner(distance=distance),
                "easy": easy_hard(easy_hard.EASY, easy_hard.HARD, distance=distance),
            }[kind_of]
            mined = ours(points, LABELS)
            anchor, positive, *_, negative = peer(points, LABELS)
            theirs = set(zip(anchor.tolist(), positive.tolist(), negative.tolist(), strict=True))
            assert _triplets(mined) == theirs


def test_our_semi_hard_triplets_are_among_metric_learnings(metric_learning: ModuleType) -> None:
    """Theirs are all within the margin, ours the one with the nearest negative."""
    distance = _distance(metric_learning, Distance.SQUARED)
    peer = metric_learning.miners.TripletMarginMiner(0.2, type_of_triplets="semihard", distance=distance)
    for points in batches():
        mined = SemiHardMiner(MinerConfig(margin=0.2), fallback=False)(points, LABELS)
        theirs = set(zip(*(column.tolist() for column in peer(points, LABELS)), strict=True))
        assert _triplets(mined) <= theirs
        assert {(a, p) for a, p, _ in _triplets(mined)} == {(a, p) for a, p, _ in theirs}


def _triplets(mined: object) -> set[tuple[int, int, int]]:
    columns = (mined.anchor, mined.positive, mined.negative)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def _distance(metric_learning: ModuleType, kind: Distance) -> object:
    distances = metric_learning.distances
    return {
        Distance.EUCLIDEAN: lambda: distances.LpDistance(normalize_embeddings=False),
        Distance.SQUARED: lambda: distances.LpDistance(normalize_embeddings=False, power=2),
        Distance.COSINE: distances.CosineSimilarity,
    }[kind]()
