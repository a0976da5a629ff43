"""Decisions, and the operating points that they are taken at."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from facenet_app.domain.faces import Extraction
from facenet_app.domain.notice import Notice

__all__ = ["Decision", "OperatingPoint", "Rate", "SearchRisk", "Verification"]


class Decision(StrEnum):
    """What a comparison came to. MATCH if and only if ``distance <= threshold``."""

    MATCH = "match"
    NON_MATCH = "non_match"
    REVIEW = "review"
    """Too close to call, or a picture too poor to say: a person should look."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``errors`` out of ``trials``, with a confidence interval at level ``confidence``."""

    errors: int
    trials: int
    low: float
    high: float
    confidence: float = 0.95

    @property
    def value(self) -> float:
        return self.errors / self.trials

    def to_dict(self) -> dict[str, float | int]:
        return {
            "value": self.value,
            "errors": self.errors,
            "trials": self.trials,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Rate":
        return cls(
            errors=int(data["errors"]),
            trials=int(data["trials"]),
            low=float(data["low"]),
            high=float(data["high"]),
            confidence=float(data["confidence"]),
        )


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold and what was measured at it, for one model.

    ``target_fmr`` is what was asked for; ``fmr`` and ``fnmr`` what the data set gave. For a
    threshold that the user made up, ``target_fmr`` and the rates are None: nothing is known of it.
    ``people`` and ``pictures`` count what the pairs were made of; None where that was not recorded.
    """

    threshold: float
    fingerprint: str
    target_fmr: float | None = None
    fmr: Rate | None = None
    fnmr: Rate | None = None
    dataset: str = ""
    protocol: str = ""
    detector: str = ""
    measured_on: str = ""
    people: int | None = None
    pictures: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "fingerprint": self.fingerprint,
            "target_fmr": self.target_fmr,
            "fmr": self.fmr.to_dict() if self.fmr else None,
            "fnmr": self.fnmr.to_dict() if self.fnmr else None,
            "dataset": self.dataset,
            "protocol": self.protocol,
            "detector": self.detector,
            "measured_on": self.measured_on,
            "people": self.people,
            "pictures": self.pictures,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "OperatingPoint":
        return cls(
            threshold=float(data["threshold"]),
            fingerprint=str(data["fingerprint"]),
            target_fmr=None if data["target_fmr"] is None else float(data["target_fmr"]),
            fmr=Rate.from_dict(data["fmr"]) if data["fmr"] else None,
            fnmr=Rate.from_dict(data["fnmr"]) if data["fnmr"] else None,
            dataset=str(data["dataset"]),
            protocol=str(data["protocol"]),
            detector=str(data["detector"]),
            measured_on=str(data["measured_on"]),
            people=data.get("people"),  # points of the first version have no counts
            pictures=data.get("pictures"),
        )


@dataclass(frozen=True, slots=True)
class SearchRisk:
    """The risk of one search: that the face of somebody who is not enrolled is given a name.

    ``target_fpir`` is the false positive identification rate (0 … 1) asked for, ``required_fmr``
    the FMR that each of the ``comparisons`` with an enrolled sample needs for it, and ``fmr`` that
    of the operating point in use.
    """

    comparisons: int
    target_fpir: float
    required_fmr: float
    fmr: float

    @property
    def kept(self) -> bool:
        """Whether the operating point is strict enough; a billionth is rounding."""
        return self.fmr <= self.required_fmr * (1 + 1e-9)

    @property
    def fpir_bound(self) -> float:
        """Upper bound of the FPIR: FMR times comparisons, however these depend on each other."""
        return min(1.0, self.comparisons * self.fmr)


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """The answer to "is this the same person?" (1:1).

    MATCH if and only if ``distance <= threshold`` and the pictures are good enough to say. With a
    ``review_point``, whose threshold is the larger one, distances between the two are REVIEW.
    """

    decision: Decision
    distance: float
    operating_point: OperatingPoint
    model: str
    probe: Extraction
    reference: Extraction
    warnings: tuple[Notice, ...] = ()
    review_point: OperatingPoint | None = None

    @property
    def threshold(self) -> float:
        return self.operating_point.threshold

    @property
    def usable(self) -> bool:
        """Whether both pictures are good enough to say."""
        return self.probe.face.quality.usable and self.reference.face.quality.usable

    def to_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision.value,
            "distance": self.distance,
            "threshold": self.threshold,
            "operating_point": self.operating_point.to_dict(),
            "review_point": self.review_point.to_dict() if self.review_point else None,
            "model": self.model,
            "faces": {"probe": self.probe.to_dict(), "reference": self.reference.to_dict()},
            "warnings": [str(each) for each in self.warnings],
        }
