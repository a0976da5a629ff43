"""LFW View 2 of distances that a benchmark made; `facenet-app evaluate --protocol lfw` does it for models."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facenet_app.evaluation.folds import cross_validated
from facenet_app.evaluation.lfw import Pair
from facenet_app.evaluation.pairs import lfw_pair_list
from facenet_app.evaluation.rates import PairDistances

__all__ = ["View2"]


class View2:
    """Distances of the pairs, NaN without two faces; ``fold`` int (P,) says which fold each is in."""

    def __init__(self, pairs: Sequence[Pair], distances: Sequence[float]) -> None:
        self.listed = lfw_pair_list(pairs)
        self.distances = np.array(distances, np.float64)
        self.fold = self.listed.fold

    def of(self, folds: NDArray[np.bool_]) -> PairDistances:
        """Those of some folds, bool (P,), as far as there are two faces."""
        use = folds & np.isfinite(self.distances)
        mated = self.listed.mated
        return PairDistances(self.distances[use & mated], self.distances[use & ~mated])

    def accuracy(self) -> tuple[float, float]:
        """Mean over the folds and its standard error; a pair without two faces counts as wrong."""
        accuracy = cross_validated(self.listed, self.distances).accuracy
        assert accuracy.standard_error is not None
        return accuracy.value, accuracy.standard_error
