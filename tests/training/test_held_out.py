"""Who is held out, and what is measured on them: against counting pair by pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import images

from facenet_app.dataset.labelled import ArrayImages, subset
from facenet_app.errors import UsageError
from facenet_app.training.held_out import Measurement, check_enough, measure, split


@given(st.lists(st.integers(1, 4), min_size=12, max_size=30), st.floats(0.1, 0.6), st.integers(0, 99))
@settings(max_examples=30)
def test_nobody_is_on_both_sides(counts: list[int], share: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    data = ArrayImages(
        np.zeros((len(labels), 2, 2, 3), np.uint8), labels, [f"p{n}" for n in range(len(counts))]
    )
    several = sum(count > 1 for count in counts)
    wanted = int(np.ceil(share * several))
    if not 2 <= wanted < several:
        with pytest.raises(UsageError, match="cannot be kept"):
            split(data, share, seed)
        return
    learned, held_out = split(data, share, seed)
    assert held_out is not None
    assert not set(learned.people) & set(held_out.people)
    assert set(learned.people) | set(held_out.people) == set(data.people)
    assert len(learned) + len(held_out) == len(data)
    assert sum(np.bincount(held_out.labels) > 1) == wanted


def test_the_seed_says_who() -> None:
    data = images()
    chosen = [split(data, 0.3, seed)[1] for seed in (0, 0, 1)]
    people = [each.people for each in chosen if each is not None]
    assert people[0] == people[1] != people[2]


def test_nobody_is_held_out_if_not_asked_for() -> None:
    data = images()
    assert split(data, 0, 0) == (data, None)


def test_rates_are_those_of_counting_pairs() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), [2, 3, 9, 1, 4, 5, 2, 2, 3, 6, 1, 2])
    vectors = random.normal(size=(40, 6)) + 2.0 * random.normal(size=(12, 6))[labels]
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    measured = measure(unit, labels, 0.05)
    mated: dict[int, list[float]] = {}
    non_mated = []
    for first in range(40):
        for second in range(first):
            distance = float(np.linalg.norm(unit[first].astype(float) - unit[second].astype(float)))
            if labels[first] == labels[second]:
                mated.setdefault(int(labels[first]), []).append(distance)
            else:
                non_mated.append(distance)
    allowed = int(0.05 * len(non_mated))
    inside, outside = sorted(non_mated)[allowed - 1 : allowed + 1]
    threshold = (inside + outside) / 2
    every = [distance for own in mated.values() for distance in own]
    assert (measured.mated_pairs, measured.non_mated_pairs) == (len(every), len(non_mated))
    assert measured.tar[0.05] == pytest.approx(np.mean(np.array(every) <= threshold))
    alike = np.mean([np.mean(np.array(own) <= threshold) for own in mated.values()])
    assert measured.weighted[0.05] == pytest.approx(alike)
    assert measured.tar[0.05] != pytest.approx(measured.weighted[0.05])
    assert set(measured.tar) == {0.05, 0.01}  # 1e-3 needs more pairs


def test_a_measurement_survives_json() -> None:
    measured = Measurement({0.01: 0.5, 0.001: 0.25}, {0.01: 0.75, 0.001: 0.125}, 8, 4000)
    assert Measurement.from_dict(measured.to_dict()) == measured


def test_too_few_pairs_for_a_rate_are_told_at_once() -> None:
    data = subset(images(), range(16))  # 4 people × 4: 24 mated and 96 non-mated pairs
    check_enough(data, 1 / 96)
    with pytest.raises(UsageError, match="give 24 mated and 96 non-mated pairs, too few"):
        check_enough(data, 0.01)
    with pytest.raises(UsageError, match="0 mated"):
        check_enough(subset(images(), [0, 4, 8]), 0.5)
