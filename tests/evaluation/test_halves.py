"""Halves without a common person, in which nobody outweighs the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.errors import UsageError
from facenet_app.evaluation.halves import Halves, evened, most_pictures, split_people

identities = st.lists(st.integers(1, 9), min_size=2, max_size=40).filter(
    lambda counts: sum(count > 1 for count in counts) > 1
)


def pictures_of(counts: list[int], seed: int = 0) -> np.ndarray:
    """So many pictures of each person, in any order."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)) * 7 - 3, counts))


@given(identities, st.integers(0, 99))
def test_every_person_is_in_one_half(counts: list[int], seed: int) -> None:
    who = pictures_of(counts)
    first = split_people(who, seed)
    assert not set(who[first]) & set(who[~first])
    assert abs(len(set(who[first])) - len(set(who[~first]))) <= 1
    assert abs(int(first.sum()) - int((~first).sum())) <= max(counts)
    for half in (who[first], who[~first]):
        assert np.unique(half, return_counts=True)[1].max() >= 2


@given(identities, st.integers(0, 99))
def test_nobody_outweighs(counts: list[int], seed: int) -> None:
    who = pictures_of([*counts, 500])
    used = evened(who, seed)
    most = most_pictures(who)
    assert most == int(5 * np.median([*counts, 500]))
    for person in set(who.tolist()):
        assert (who[used] == person).sum() == min((who == person).sum(), most)


def test_the_seed_decides_and_nothing_else() -> None:
    who = pictures_of([3] * 20 + [90])
    for chosen in (split_people, evened):
        assert np.array_equal(chosen(who, 1), chosen(who, 1))
        assert not np.array_equal(chosen(who, 1), chosen(who, 2))


def test_mated_pairs_are_needed_on_both_sides() -> None:
    with pytest.raises(UsageError, match="at least two people need two pictures"):
        split_people(np.array([1, 1, 1, 2, 3, 4]), 0)


def test_the_pairs_are_those_within_the_halves() -> None:
    who = pictures_of([2, 2, 3, 3])
    vectors = np.random.default_rng(0).normal(size=(who.size, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    halves = Halves.of(vectors, who, max_fmr=1, seed=0)
    assert (halves.pictures, halves.most, halves.fewest_non_mated) == ((5, 5), 3, 6)
    assert [half.mated.size for half in halves.pairs] == [4, 4]
    assert halves.swapped.pairs == halves.pairs[::-1]
