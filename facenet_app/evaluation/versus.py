"""Is one model better than another? Asked of the very same pairs, missing faces counted as errors."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from facenet_app.evaluation.compared import Compared
from facenet_app.evaluation.folds import Decided
from facenet_app.evaluation.paired import PairedTest, compare, compare_decisions
from facenet_app.evaluation.pairs import PairList
from facenet_app.evaluation.result import Comparison
from facenet_app.evaluation.weighted import WeightedRates

__all__ = ["better_accuracy", "better_rate", "comparison"]


def better_rate(
    names: tuple[str, str], model: Compared, baseline: Compared, fmr: float
) -> Iterator[Comparison]:
    """The false reject rates where both models accept as few non-mated pairs, if the data can tell.

    Args:
        names: of the model and of the baseline.
        model: its pairs.
        baseline: the same pairs with the other model's distances.
        fmr: at which each has a threshold of its own.
    """
    if fmr * model.system.non_mated_pairs < 1:
        return

    def missed(rates: WeightedRates, weights: NDArray[np.float64]) -> float:
        return 1 - rates.tar_at(weights, fmr)

    test = compare(baseline.system, model.system, missed)
    yield comparison(names, f"false reject rate at a false accept rate of {fmr:g}", test)


def better_accuracy(
    names: tuple[str, str], model: Decided, baseline: Decided, listed: PairList
) -> Comparison:
    """The shares of wrong decisions with the thresholds of the folds; ``names`` as above."""
    use = model.tested
    people = listed.person[listed.probe[use]], listed.person[listed.reference[use]]
    test = compare_decisions(baseline.wrong[use], model.wrong[use], people)
    return comparison(names, "share of wrong decisions (1 - accuracy)", test)


def comparison(names: tuple[str, str], measure: str, test: PairedTest) -> Comparison:
    """The outcome in words; ``test`` is of the baseline's error rate minus the model's."""
    model, baseline = names
    interval = f"{100 * test.confidence:g} % interval {100 * test.low:+.3f} to {100 * test.high:+.3f}"
    if test.low <= 0 <= test.high:
        verdict = f"These pairs do not show which of {model} and {baseline} is better"
    else:
        better, worse = (model, baseline) if test.difference > 0 else (baseline, model)
        verdict = f"{better} is better than {worse}"
    return Comparison(
        model=model,
        baseline=baseline,
        measure=measure,
        difference=test.difference,
        low=test.low,
        high=test.high,
        confidence=test.confidence,
        p_value=test.p_value,
        verdict=f"{verdict}: {measure}, {baseline} minus {model}: {100 * test.difference:+.3f} percentage "
        f"points ({interval}, p = {test.p_value:.3g}).",
    )
