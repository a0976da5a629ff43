"""The paired test: right under no difference, and sharper than two intervals."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation import bootstrap
from facenet_app.evaluation.bootstrap import Resampling
from facenet_app.evaluation.paired import compare, compare_decisions
from facenet_app.evaluation.subjects import SubjectPairs
from facenet_app.evaluation.weighted import WeightedRates

FEW = Resampling(replicates=200)


def people_of_pairs(rng: np.random.Generator, people: int, pairs: int) -> tuple[NDArray[np.int64], ...]:
    probe, reference = rng.integers(0, people, (2, pairs))
    reference[: pairs // 2] = probe[: pairs // 2]
    return probe, reference


def two_models(rng: np.random.Generator, shift: float, people: int = 50) -> tuple[SubjectPairs, SubjectPairs]:
    """The same hard people and hard pairs for both, a little noise of each; the second is better by
    ``shift``.
    """
    probe, reference = people_of_pairs(rng, people, 1500)
    sign = np.where(probe == reference, 1, -1)
    hard = rng.normal(0, 0.05, people)
    base = 1 - 0.2 * sign + sign * (hard[probe] + hard[reference]) + rng.normal(0, 0.1, sign.size)
    models = (base + rng.normal(0, 0.02, sign.size), base - shift * sign + rng.normal(0, 0.02, sign.size))
    return (
        SubjectPairs.from_list(models[0], probe, reference),
        SubjectPairs.from_list(models[1], probe, reference),
    )


def test_a_better_model_is_told_where_separate_intervals_overlap() -> None:
    first, second = two_models(np.random.default_rng(0), shift=0.03)
    test = compare(first, second, WeightedRates.eer, FEW)
    assert test.difference == pytest.approx(first.distances().eer() - second.distances().eer())
    assert 0 < test.low < test.difference < test.high
    assert test.p_value == pytest.approx(2 / 201)
    worse, better = bootstrap.eer(first, FEW), bootstrap.eer(second, FEW)
    assert worse.low < better.high
    turned = compare(second, first, WeightedRates.eer, FEW)
    assert (turned.difference, turned.low, turned.high) == pytest.approx(
        (-test.difference, -test.high, -test.low)
    )


def test_equal_models_do_not_differ() -> None:
    first, _ = two_models(np.random.default_rng(1), shift=0)
    test = compare(first, first, lambda rates, weights: rates.tar_at(weights, 0.01), FEW)
    assert (test.difference, test.low, test.high, test.p_value) == (0, 0, 0, 1)


def test_chance_differences_are_called_significant_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(2)
    calls = []
    for _ in range(200):
        probe, reference = people_of_pairs(rng, 40, 400)
        wrong = rng.random((2, 400)) < 0.1
        calls.append(compare_decisions(*wrong, (probe, reference), FEW).p_value < 0.05)
    assert np.mean(calls) < 0.1


def test_decisions_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(3)
    probe, reference = people_of_pairs(rng, 6, 60)
    first, second = rng.random((2, 60)) < [[0.5], [0.2]]
    test = compare_decisions(first, second, (probe + 100, reference + 100), FEW)
    assert test.difference == pytest.approx(first.mean() - second.mean())
    figures = []
    for weights in FEW.weights(6):
        more = total = 0.0
        for a, b, one, other in zip(first, second, probe, reference, strict=True):
            times = weights[one] if one == other else weights[one] * weights[other]
            more += times * (int(a) - int(b))
            total += times
        figures.append(more / total)
    assert (test.low, test.high) == pytest.approx(FEW.percentiles(np.array(figures), 6))
    below = 1 + sum(figure <= 0 for figure in figures)
    assert test.p_value == pytest.approx(2 * below / 201)


def test_other_pairs_are_refused() -> None:
    rng = np.random.default_rng(4)
    first, _ = two_models(rng, 0)
    other, _ = two_models(rng, 0)
    fewer, _ = two_models(rng, 0, people=20)
    for second in (other, fewer):
        with pytest.raises(UsageError, match="not measured on the same pairs"):
            compare(first, second, WeightedRates.eer, FEW)
    with pytest.raises(ValueError, match="people of shape"):
        compare_decisions([True], [False], ([0, 1], [0, 1]))
