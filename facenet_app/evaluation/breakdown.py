"""Where it goes wrong: errors by group of people, and by quality of the pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Rate

__all__ = ["ErrorVersusReject", "QualityBin", "QualityErrors", "Subgroup", "SubgroupTable"]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The errors among pictures of one value of an attribute, or between two values.

    ``other`` is None within a group; else ``fmr`` is that of pairs across the two and ``fnmr`` that
    of mated pairs across them, if there are any. A rate is None where there are no pairs of its kind.
    """

    value: str
    other: str | None
    pictures: int
    fmr: Rate | None
    fnmr: Rate | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "other": self.other,
            "pictures": self.pictures,
            "fmr": self.fmr.to_dict() if self.fmr else None,
            "fnmr": self.fnmr.to_dict() if self.fnmr else None,
        }


@dataclass(frozen=True, slots=True)
class SubgroupTable:
    """One attribute at the one threshold that everybody gets; ``unlabelled`` pictures have no value."""

    attribute: str
    threshold: float
    rows: tuple[Subgroup, ...]
    unlabelled: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "attribute": self.attribute,
            "threshold": self.threshold,
            "unlabelled": self.unlabelled,
            "rows": [row.to_dict() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class QualityBin:
    """Pairs whose poorer picture measures ``low`` up to (not including) ``high``."""

    low: float
    high: float
    fmr: Rate | None
    fnmr: Rate | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "low": self.low,
            "high": self.high,
            "fmr": self.fmr.to_dict() if self.fmr else None,
            "fnmr": self.fnmr.to_dict() if self.fnmr else None,
        }


@dataclass(frozen=True, slots=True)
class QualityErrors:
    """Errors at ``threshold`` by one quality measurement, in bins from its least to its greatest value.

    ``measure`` is the stable name ("eye_distance"), ``label`` and ``unit`` are for people.
    """

    measure: str
    label: str
    unit: str
    threshold: float
    bins: tuple[QualityBin, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "label": self.label,
            "unit": self.unit,
            "threshold": self.threshold,
            "bins": [each.to_dict() for each in self.bins],
        }


@dataclass(frozen=True, slots=True, eq=False)
class ErrorVersusReject:
    """FNMR at a fixed threshold when the mated pairs with the poorest pictures are left out.

    Grother and Tabassi, "Performance of biometric quality measures", IEEE TPAMI 2007. ``rejected``
    float64 (R,) is the share left out, ascending from 0, ``fnmr`` float64 (R,) what remains among
    the others. A measure is worth something if the curve falls; ``ideal`` (R,) is the lowest possible.
    """

    measure: str
    label: str
    threshold: float
    rejected: NDArray[np.float64]
    fnmr: NDArray[np.float64]
    ideal: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "label": self.label,
            "threshold": self.threshold,
            "rejected": self.rejected.tolist(),
            "fnmr": self.fnmr.tolist(),
            "ideal": self.ideal.tolist(),
        }
