"""What is drawn of an evaluation's distances: error curves and histograms, already counted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ErrorCurve", "Histogram"]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCurve:
    """FMR and FNMR by threshold, each float64 (T,), thresholds ascending: ROC and DET in one.

    FMR rises with the threshold and FNMR falls. ``mated`` and ``non_mated`` say how many pairs the
    rates are out of: below ``1 / non_mated`` nothing can be seen.
    """

    thresholds: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]
    mated: int
    non_mated: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "thresholds": self.thresholds.tolist(),
            "fmr": self.fmr.tolist(),
            "fnmr": self.fnmr.tolist(),
            "mated": self.mated,
            "non_mated": self.non_mated,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Numbers of pairs by distance: ``edges`` float64 (B + 1,) from 0 to 2, counts int64 (B,)."""

    edges: NDArray[np.float64]
    mated: NDArray[np.int64]
    non_mated: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        return {
            "edges": self.edges.tolist(),
            "mated": self.mated.tolist(),
            "non_mated": self.non_mated.tolist(),
        }
