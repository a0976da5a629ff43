"""What an evaluation of identification (1:N) gives."""

from dataclasses import dataclass
from typing import Any

from facenet_app.domain import Rate

__all__ = ["IdentificationResult", "OpenSetRow", "StrategyResult"]


@dataclass(frozen=True, slots=True)
class OpenSetRow:
    """FNIR at a target FPIR (ISO/IEC 19795-1, NIST FRTE); None and a reason where the data is too small."""

    target_fpir: float
    threshold: float | None = None
    fpir: Rate | None = None
    fnir: Rate | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "target_fpir": self.target_fpir,
            "threshold": self.threshold,
            "fpir": self.fpir.to_dict() if self.fpir else None,
            "fnir": self.fnir.to_dict() if self.fnir else None,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class StrategyResult:
    """One way to compare a probe with a person of several samples.

    ``cmc[r - 1]`` is the share of mated probes whose person is among the first ``r`` (closed set);
    a probe without a face is never found. ``rank_one.value`` is ``cmc[0]``: the ``errors`` of this one
    rate count the probes that were found first.
    """

    strategy: str
    rank_one: Rate
    cmc: tuple[float, ...]
    open_set: tuple[OpenSetRow, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "strategy": self.strategy,
            "rank_one": self.rank_one.to_dict(),
            "cmc": list(self.cmc),
            "open_set": [row.to_dict() for row in self.open_set],
        }


@dataclass(frozen=True, slots=True)
class IdentificationResult:
    """Closed and open set with ``gallery_size`` people enrolled.

    ``samples`` pictures were enrolled; ``mated_probes`` show enrolled people, ``non_mated_probes``
    others. ``failed_samples`` and ``failed_probes`` gave no face.
    """

    gallery_size: int
    samples: int
    mated_probes: int
    non_mated_probes: int
    failed_samples: int
    failed_probes: int
    seed: int
    strategies: tuple[StrategyResult, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "gallery_size": self.gallery_size,
            "samples": self.samples,
            "mated_probes": self.mated_probes,
            "non_mated_probes": self.non_mated_probes,
            "failed_samples": self.failed_samples,
            "failed_probes": self.failed_probes,
            "seed": self.seed,
            "strategies": [each.to_dict() for each in self.strategies],
        }
