"""Offline mining against a loop, and what a resumed run goes on with."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.training.miners import OfflineConfig, OfflineMiner

PEOPLE = np.array([5, 2, 2, 9, 5, 5, 1, 9, 2, 5, 7, 7] * 3)


def unit_vectors(seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(len(PEOPLE), 6))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def nearest_images(vectors: NDArray[np.float32], anchor: int, candidates: int) -> list[tuple[float, int]]:
    """The nearest image of each of the nearest other people, nearest first."""
    distances = np.linalg.norm(vectors.astype(np.float64) - vectors[anchor], axis=1)
    best: dict[int, tuple[float, int]] = {}
    for row, person in enumerate(PEOPLE):
        if person != PEOPLE[anchor]:
            best[person] = min(best.get(person, (np.inf, -1)), (distances[row], row))
    return sorted(best.values())[:candidates]


@pytest.mark.parametrize("candidates", [1, 2, 10])
def test_negatives_are_semi_hard_among_the_nearest_people(candidates: int) -> None:
    vectors = unit_vectors()
    found = OfflineMiner(PEOPLE, OfflineConfig(candidates=candidates)).triplets(0, lambda: vectors)
    assert found.anchor.tolist() == list(range(len(PEOPLE)))
    far_of, near_of = [], []
    for anchor, positive, negative in zip(
        found.anchor.tolist(), found.positive.tolist(), found.negative.tolist(), strict=True
    ):
        assert anchor != positive
        assert PEOPLE[anchor] == PEOPLE[positive]
        near = float(np.linalg.norm(vectors[anchor].astype(np.float64) - vectors[positive]))
        looked_at = nearest_images(vectors, anchor, candidates)
        farther = [each for each in looked_at if each[0] > near]
        distance, row = farther[0] if farther else looked_at[-1]
        assert negative == row
        near_of.append(near)
        far_of.append(distance)
    named = {name: value.item() for name, value in found.statistics.items()}
    assert named["mean_ap"] == pytest.approx(np.mean(near_of))
    assert named["mean_an"] == pytest.approx(np.mean(far_of))
    assert named["semi_hard"] == pytest.approx(np.mean(np.array(far_of) > near_of))
    assert named["hard"] == pytest.approx(1 - named["semi_hard"])


def test_people_with_one_image_are_negatives_only() -> None:
    labels = np.array([0, 0, 1, 2])
    vectors = np.eye(4, dtype=np.float32)
    found = OfflineMiner(labels).triplets(0, lambda: vectors)
    assert found.anchor.tolist() == [0, 1]
    assert found.positive.tolist() == [1, 0]
    assert set(found.negative.tolist()) <= {2, 3}


def test_every_positive_gets_its_turn() -> None:
    miner, pairs = OfflineMiner(np.array([4, 8, 4, 4, 4])), set()
    for epoch in range(60):
        found = miner.triplets(epoch, lambda: unit_vectors()[:5])
        pairs |= set(zip(found.anchor.tolist(), found.positive.tolist(), strict=True))
    assert len(pairs) == 4 * 3


def test_the_set_is_embedded_every_k_epochs() -> None:
    miner, embedded = OfflineMiner(PEOPLE, OfflineConfig(every=3)), []

    def embed() -> NDArray[np.float32]:
        embedded.append(len(embedded))
        return unit_vectors(len(embedded))

    kept = [miner.triplets(epoch, embed) for epoch in range(7)]
    assert len(embedded) == 3
    assert kept[0] is kept[1] is kept[2]
    assert kept[3] is kept[5] is not kept[6]


def test_a_resumed_run_goes_on_with_the_same_triplets() -> None:
    first = OfflineMiner(PEOPLE, OfflineConfig(every=3))
    mined = first.triplets(3, unit_vectors)
    resumed = OfflineMiner(PEOPLE, OfflineConfig(every=3))
    resumed.load_state_dict(first.state_dict())
    assert not resumed.due(5)
    again = resumed.triplets(5, lambda: pytest.fail("embedded again"))
    assert torch.equal(again.negative, mined.negative)
    assert again.statistics == mined.statistics
    assert resumed.due(6)


def test_a_run_that_never_mined_has_no_state() -> None:
    fresh = OfflineMiner(PEOPLE)
    fresh.load_state_dict(OfflineMiner(PEOPLE).state_dict())
    assert fresh.due(0)


def test_the_same_seed_gives_the_same_triplets_and_another_one_others() -> None:
    one, same, other = (OfflineMiner(PEOPLE, OfflineConfig(seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(one.triplets(4, unit_vectors).positive, same.triplets(4, unit_vectors).positive)
    assert not torch.equal(one.triplets(4, unit_vectors).positive, other.triplets(4, unit_vectors).positive)


@pytest.mark.parametrize("labels", [[], [1, 1, 1], [1, 2, 3]])
def test_a_set_without_triplets_is_refused(labels: list[int]) -> None:
    with pytest.raises(UsageError, match="no triplet"):
        OfflineMiner(np.array(labels, np.int64))


@pytest.mark.parametrize("wrong", [{"every": 0}, {"candidates": 0}])
def test_nonsense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="give 1 or more"):
        OfflineConfig(**wrong)
