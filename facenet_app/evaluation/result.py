"""What an evaluation gives: frozen values that the report, ``--json`` and ``report.json`` all show.

Rates that the data cannot support are None, and the sentence beside them says what is missing; no
number is ever made up. Distances are plain Euclidean ones, 0 … 2. Pictures are named by their paths
relative to the folder of the images. FMR and FNMR (ISO/IEC 19795-1) leave out comparisons in which
no face was found; FAR and FRR are those of the system: there such a comparison is never accepted,
so that it raises FRR and cannot raise FAR.
"""

from dataclasses import dataclass, field
from typing import Any

from facenet_app.evaluation.identified import IdentificationResult
from facenet_app.evaluation.verified import VerificationResult

__all__ = ["SCHEMA", "Comparison", "DataSet", "EvaluationResult", "Failure", "ModelResult"]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class DataSet:
    """What was measured on.

    ``protocol`` is a sentence for people; ``kind`` one of "lfw", "lfw-view1", "lfw-all", "pairs",
    "folders". ``people`` is None where a list of pairs does not say who is who.
    """

    name: str
    kind: str
    protocol: str
    pictures: int
    people: int | None
    mated_pairs: int
    non_mated_pairs: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "protocol": self.protocol,
            "pictures": self.pictures,
            "people": self.people,
            "mated_pairs": self.mated_pairs,
            "non_mated_pairs": self.non_mated_pairs,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture that gave no face (a failure to acquire), with the stable code of the reason."""

    path: str
    code: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True, eq=False)
class ModelResult:
    """One model on the data set. ``verification`` or ``identification`` holds its numbers.

    ``embedded`` pictures were embedded now, in ``seconds``; ``cached`` ones had been before.
    """

    model: str
    fingerprint: str
    detector: str
    failures: tuple[Failure, ...]
    embedded: int
    cached: int
    seconds: float
    verification: VerificationResult | None = None
    identification: IdentificationResult | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "fingerprint": self.fingerprint,
            "detector": self.detector,
            "failures_to_acquire": [failure.to_dict() for failure in self.failures],
            "embedded": self.embedded,
            "cached": self.cached,
            "seconds": round(self.seconds, 2),
            "verification": self.verification.to_dict() if self.verification else None,
            "identification": self.identification.to_dict() if self.identification else None,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Is ``model`` better than ``baseline`` on the very same pairs?

    ``difference`` is baseline minus model in ``measure`` (an error rate: positive = the model is
    better), with the interval of a bootstrap over people; ``p_value`` is two-sided. ``verdict`` says
    it in a sentence.
    """

    model: str
    baseline: str
    measure: str
    difference: float
    low: float
    high: float
    confidence: float
    p_value: float
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "baseline": self.baseline,
            "measure": self.measure,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "p_value": self.p_value,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationResult:
    """One run: a data set, one result for each model (the first is the one asked about), comparisons.

    ``measured_on`` is an ISO date (UTC); ``settings`` holds what else decides the numbers (mirror,
    device, seed) as plain values.
    """

    dataset: DataSet
    models: tuple[ModelResult, ...]
    measured_on: str
    version: str
    """Of facenet_app."""
    comparisons: tuple[Comparison, ...] = ()
    warnings: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> ModelResult:
        return self.models[0]

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "dataset": self.dataset.to_dict(),
            "measured_on": self.measured_on,
            "version": self.version,
            "settings": dict(self.settings),
            "models": [model.to_dict() for model in self.models],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
            "warnings": list(self.warnings),
        }
