"""Accuracy with thresholds chosen on other pairs than those they are tested on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Rate
from facenet_app.evaluation.bootstrap import error_rate
from facenet_app.evaluation.pairs import PairList
from facenet_app.evaluation.rates import PairDistances
from facenet_app.evaluation.subjects import SubjectPairs
from facenet_app.evaluation.verified import Accuracy, Fold

__all__ = ["Decided", "cross_validated", "trained_and_tested"]


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """The accuracy; and for each pair of the list, bool (P,), if it was tested and if it went wrong."""

    accuracy: Accuracy
    tested: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def cross_validated(listed: PairList, distances: NDArray[np.float64]) -> Decided:
    """Each fold decided with the threshold that is best on the others; mean and its standard error.

    That is View 2 of Labeled Faces in the Wild as published (Huang et al. 2007). ``distances``, float64
    (P,), are NaN for a pair without two faces, which counts as wrong.

    Raises:
        UsageError: without some fold there are no pairs of one kind.
    """
    wrong = np.zeros(len(listed), np.bool_)
    folds = tuple(_folds(listed, distances, wrong))
    shares = [fold.right / fold.pairs for fold in folds]
    accuracy = Accuracy(
        value=float(np.mean(shares)),
        standard_error=float(np.std(shares, ddof=1) / np.sqrt(len(shares))),
        rate=None,
        threshold_from="the best threshold of the other folds decides the one left out",
        folds=folds,
    )
    return Decided(accuracy, np.ones(len(listed), np.bool_), wrong)


def trained_and_tested(listed: PairList, distances: NDArray[np.float64]) -> Decided:
    """Fold 1 decided with the threshold that is best on fold 0: View 1 of Labeled Faces in the Wild.

    ``distances`` as for :func:`cross_validated`.

    Raises:
        UsageError: there are no pairs of one kind to choose the threshold on.
    """
    tested = listed.fold == 1
    threshold = _best(listed, distances, ~tested)
    wrong = tested & _wrong(listed, distances, threshold)
    # A pair without two faces is put where it is wrong.
    placed = np.where(np.isnan(distances), np.where(listed.mated, np.inf, 0), distances)
    people = (listed.person[side[tested]] for side in (listed.probe, listed.reference))
    errors = error_rate(SubjectPairs.from_list(placed[tested], *people), threshold)
    right = errors.trials - errors.errors
    accuracy = Accuracy(
        value=right / errors.trials,
        standard_error=None,
        rate=Rate(right, errors.trials, 1 - errors.high, 1 - errors.low, errors.confidence),
        threshold_from=f"the best threshold of the training pairs ({threshold:.4f}) decides the test pairs",
    )
    return Decided(accuracy, tested, wrong)


def _folds(listed: PairList, distances: NDArray[np.float64], wrong: NDArray[np.bool_]) -> Iterator[Fold]:
    """The folds in order; which pairs are decided wrongly is noted in ``wrong``."""
    for number in np.unique(listed.fold):
        test = listed.fold == number
        threshold = _best(listed, distances, ~test)
        wrong[test] = _wrong(listed, distances, threshold)[test]
        pairs = int(test.sum())
        yield Fold(int(number) + 1, threshold, pairs - int(wrong[test].sum()), pairs)


def _best(listed: PairList, distances: NDArray[np.float64], use: NDArray[np.bool_]) -> float:
    use = use & np.isfinite(distances)
    pairs = PairDistances(distances[use & listed.mated], distances[use & ~listed.mated])
    return pairs.best_threshold().threshold


def _wrong(listed: PairList, distances: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Decided wrongly, bool (P,). NaN is not at or under any threshold, and no right decision either."""
    wrong: NDArray[np.bool_] = np.isnan(distances) | ((distances <= threshold) != listed.mated)
    return wrong
