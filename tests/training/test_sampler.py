"""PeopleSampler: the rules of its docstring, for any labels."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.training.sampler import PeopleSampler

COUNTS = st.lists(st.integers(1, 9), min_size=2, max_size=12)
"""Pictures of each person."""


def labels_of(counts: list[int], seed: int = 0) -> NDArray[np.int64]:
    """Labels with gaps, in any order, as lists of pictures have them."""
    return np.random.default_rng(seed).permutation(np.repeat(3 * np.arange(len(counts)) + 5, counts))


@st.composite
def samplers(draw: st.DrawFn) -> tuple[PeopleSampler, NDArray[np.int64]]:
    counts = draw(COUNTS)
    several, single = sum(count > 1 for count in counts), counts.count(1)
    if several == 0:
        counts, several = [*counts, 2], 1
    images = draw(st.integers(2, 5))
    strangers = draw(st.integers(0, single // images))
    people = strangers + draw(st.integers(1, several))
    labels = labels_of(counts, draw(st.integers(0, 9)))
    sampler = PeopleSampler(labels, people=people, images=images, seed=3, strangers=strangers)
    return sampler, labels


@given(samplers(), st.integers(0, 5))
def test_every_batch_is_groups_of_one_person(
    made: tuple[PeopleSampler, NDArray[np.int64]], epoch: int
) -> None:
    sampler, labels = made
    pictures = Counter(labels.tolist())
    batches = list(sampler.batches(epoch))
    assert len(batches) == sampler.batches_per_epoch
    for batch in batches:
        assert batch.dtype == np.int64
        groups = batch.reshape(sampler.people, sampler.images)
        of_one, strange = np.split(labels[groups], [sampler.people - sampler.strangers])
        assert (of_one == of_one[:, :1]).all()
        assert len(set(of_one[:, 0])) == len(of_one), "a person is there twice"
        assert all(pictures[person] >= 2 for person in of_one[:, 0].tolist())
        assert all(pictures[person] == 1 for person in strange.ravel().tolist())
        assert len(set(strange.ravel())) == strange.size
        for group in groups[: len(of_one)]:
            used = Counter(group.tolist())
            assert len(used) == min(sampler.images, pictures[int(labels[group[0]])])
            assert max(used.values()) - min(used.values()) <= 1


@given(samplers(), st.integers(0, 5))
def test_everybody_with_two_pictures_is_in_every_epoch(
    made: tuple[PeopleSampler, NDArray[np.int64]], epoch: int
) -> None:
    sampler, labels = made
    shown = Counter(np.concatenate(list(sampler.batches(epoch))).tolist())
    seen = {int(labels[row]) for row in shown}
    assert {person for person, count in Counter(labels.tolist()).items() if count > 1} <= seen


@given(COUNTS.map(lambda counts: [*counts, 2]), st.integers(2, 5), st.integers(0, 30))
def test_every_picture_is_used_in_as_few_epochs_as_possible(
    counts: list[int], images: int, start: int
) -> None:
    labels = labels_of(counts)
    several = sum(count > 1 for count in counts)
    sampler = PeopleSampler(labels, people=several, images=images, seed=1)
    for person, count in Counter(labels.tolist()).items():
        if count == 1:
            continue
        turns = -(-count // images)
        cycle = start - start % turns
        shown = np.concatenate([next(sampler.batches(epoch)) for epoch in range(cycle, cycle + turns)])
        assert {int(row) for row in shown if labels[row] == person} == set(
            np.flatnonzero(labels == person).tolist()
        )


@given(samplers(), st.integers(0, 3), st.data())
def test_processes_share_the_batch_of_one(
    made: tuple[PeopleSampler, NDArray[np.int64]], epoch: int, data: st.DataObject
) -> None:
    sampler, _ = made
    world = data.draw(st.sampled_from([n for n in range(1, sampler.people + 1) if sampler.people % n == 0]))
    shares = [list(sampler.batches(epoch, rank=rank, world=world)) for rank in range(world)]
    for together, alone in zip(zip(*shares, strict=True), sampler.batches(epoch), strict=True):
        assert len({share.size for share in together}) == 1
        np.testing.assert_array_equal(np.concatenate(together), alone)


@given(samplers(), st.integers(0, 3))
def test_the_same_seed_and_epoch_give_the_same_batches(
    made: tuple[PeopleSampler, NDArray[np.int64]], epoch: int
) -> None:
    sampler, labels = made
    other = PeopleSampler(
        labels, people=sampler.people, images=sampler.images, seed=3, strangers=sampler.strangers
    )
    list(other.batches(epoch + 1))  # what was asked before does not matter
    batches = list(sampler.batches(epoch))
    np.testing.assert_array_equal(batches, list(other.batches(epoch)))
    later = list(sampler.batches(epoch, start=1))
    assert len(later) == len(batches) - 1
    for batch, again in zip(batches[1:], later, strict=True):
        np.testing.assert_array_equal(batch, again)


def test_epochs_and_seeds_differ() -> None:
    labels = np.repeat(np.arange(40), 6)
    first = PeopleSampler(labels, people=10, images=3, seed=0)
    second = PeopleSampler(labels, people=10, images=3, seed=1)
    epochs = [np.stack(list(sampler.batches(epoch))) for sampler in (first, second) for epoch in range(4)]
    assert len({epoch.tobytes() for epoch in epochs}) == 8
    # After two epochs all were used, and the next two pair them differently.
    groups = [{frozenset(group) for group in epoch.reshape(-1, 3).tolist()} for epoch in epochs[:4]]
    assert not groups[0] & groups[1]
    assert len((groups[0] | groups[1]) & (groups[2] | groups[3])) < 20


def test_pictures_of_a_person_are_drawn_alike() -> None:
    labels = np.repeat([0, 1], 5)
    sampler = PeopleSampler(labels, people=2, images=3, seed=0)
    shown = np.concatenate([next(sampler.batches(epoch)) for epoch in range(2000)])
    counts = np.bincount(shown, minlength=10)
    # Two turns of three among five: each person's pictures come 1.2 times in two epochs on average.
    np.testing.assert_allclose(counts, 1200, rtol=0.08)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"people": 4, "images": 2}, "a batch needs 4 people with two images or more, and 3 of the 5 people"),
        ({"people": 2, "images": 1}, "no positive pairs"),
        ({"people": 0, "images": 2}, "no positive pairs"),
        ({"people": 2, "images": 2, "strangers": 2}, "no positive pairs"),
        ({"people": 3, "images": 3, "strangers": 1}, "need 3 people with one image, and there are 2"),
    ],
)
def test_what_the_labels_cannot_give_is_refused(settings: dict[str, int], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        PeopleSampler([0, 0, 1, 2, 2, 3, 4, 4], **settings, seed=0)


@pytest.mark.parametrize(("rank", "world"), [(0, 2), (3, 3), (-1, 3)])
def test_groups_that_cannot_be_shared_out_are_refused(rank: int, world: int) -> None:
    sampler = PeopleSampler([0, 0, 1, 1, 2, 2], people=3, images=2, seed=0)
    with pytest.raises(UsageError, match="cannot be shared out"):
        sampler.batches(0, rank=rank, world=world)
