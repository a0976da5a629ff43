"""What an evaluation of verification (1:1) gives: errors at thresholds, with what is behind them."""

from dataclasses import dataclass
from typing import Any

from facenet_app.domain import OperatingPoint, Rate
from facenet_app.evaluation.breakdown import ErrorVersusReject, QualityErrors, SubgroupTable
from facenet_app.evaluation.curves import ErrorCurve, Histogram

__all__ = [
    "Accuracy",
    "Fold",
    "Headline",
    "PairExample",
    "PointCheck",
    "RateRow",
    "VerificationResult",
]


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold: decided with the threshold that was best on the others. ``right`` of ``pairs``; a pair
    without two faces counts as wrong.
    """

    number: int
    threshold: float
    right: int
    pairs: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "threshold": self.threshold,
            "right": self.right,
            "pairs": self.pairs,
            "accuracy": self.right / self.pairs,
        }


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of right decisions, 0 … 1, and how its threshold was chosen.

    With folds it is the mean over them and ``standard_error`` that of the mean; else that is None
    and ``rate`` holds the counts with their interval.
    """

    value: float
    standard_error: float | None
    rate: Rate | None
    threshold_from: str
    folds: tuple[Fold, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "standard_error": self.standard_error,
            "rate": self.rate.to_dict() if self.rate else None,
            "threshold_from": self.threshold_from,
            "folds": [fold.to_dict() for fold in self.folds],
        }


@dataclass(frozen=True, slots=True)
class Headline:
    """The errors at the one threshold that the user would decide with.

    ``excluded_mated`` and ``excluded_non_mated`` comparisons lack a face: ``fmr`` and ``fnmr`` leave
    them out, ``far`` and ``frr`` count them.
    """

    threshold: float
    threshold_from: str
    far: Rate
    frr: Rate
    fmr: Rate
    fnmr: Rate
    excluded_mated: int
    excluded_non_mated: int
    accuracy: Accuracy | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "threshold_from": self.threshold_from,
            "far": self.far.to_dict(),
            "frr": self.frr.to_dict(),
            "fmr": self.fmr.to_dict(),
            "fnmr": self.fnmr.to_dict(),
            "excluded_mated": self.excluded_mated,
            "excluded_non_mated": self.excluded_non_mated,
            "accuracy": self.accuracy.to_dict() if self.accuracy else None,
        }


@dataclass(frozen=True, slots=True)
class RateRow:
    """The errors at the highest threshold whose FMR is not above ``target_fmr``.

    All three are None if the data cannot support that rate; ``reason`` then says what is missing.
    """

    target_fmr: float
    threshold: float | None = None
    fmr: Rate | None = None
    fnmr: Rate | None = None
    reason: str = ""

    @property
    def tar(self) -> float | None:
        """True accept rate, 1 - FNMR."""
        return None if self.fnmr is None else 1 - self.fnmr.value

    def to_dict(self) -> dict[str, Any]:
        return {
            "target_fmr": self.target_fmr,
            "threshold": self.threshold,
            "fmr": self.fmr.to_dict() if self.fmr else None,
            "fnmr": self.fnmr.to_dict() if self.fnmr else None,
            "tar": self.tar,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class PointCheck:
    """An operating point of the model or of the user, and what its threshold gives on this data."""

    point: OperatingPoint
    fmr: Rate
    fnmr: Rate

    def to_dict(self) -> dict[str, Any]:
        return {
            "operating_point": self.point.to_dict(),
            "fmr": self.fmr.to_dict(),
            "fnmr": self.fnmr.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class PairExample:
    """A pair worth looking at, by the paths of its pictures."""

    probe: str
    reference: str
    distance: float
    mated: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "probe": self.probe,
            "reference": self.reference,
            "distance": round(self.distance, 6),
            "mated": self.mated,
        }


@dataclass(frozen=True, slots=True, eq=False)
class VerificationResult:
    """Everything about comparing pairs (1:1).

    ``eer`` and ``auc`` are 0 … 1; None where they could not be computed exactly. ``worst_mated``
    comes by falling distance, ``nearest_non_mated`` by rising distance.
    """

    headline: Headline
    rates: tuple[RateRow, ...]
    points: tuple[PointCheck, ...]
    eer: float | None
    auc: float | None
    curve: ErrorCurve
    histogram: Histogram
    worst_mated: tuple[PairExample, ...]
    nearest_non_mated: tuple[PairExample, ...]
    subgroups: tuple[SubgroupTable, ...] = ()
    quality: tuple[QualityErrors, ...] = ()
    rejects: tuple[ErrorVersusReject, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "headline": self.headline.to_dict(),
            "rates": [row.to_dict() for row in self.rates],
            "operating_points": [check.to_dict() for check in self.points],
            "eer": self.eer,
            "auc": self.auc,
            "curve": self.curve.to_dict(),
            "histogram": self.histogram.to_dict(),
            "worst_mated": [pair.to_dict() for pair in self.worst_mated],
            "nearest_non_mated": [pair.to_dict() for pair in self.nearest_non_mated],
            "subgroups": [table.to_dict() for table in self.subgroups],
            "error_by_quality": [errors.to_dict() for errors in self.quality],
            "error_versus_reject": [curve.to_dict() for curve in self.rejects],
        }
