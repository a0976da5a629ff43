"""All that a run knows beside its tensors, in a form that JSON keeps exactly."""

from dataclasses import dataclass, field
from typing import Any

from facenet_app.training.held_out import Measurement
from facenet_app.training.loop import Position
from facenet_app.training.metrics import Totals

__all__ = ["RunState"]


@dataclass(slots=True)
class RunState:
    """Where a run is and what was best.

    Attributes:
        at: the next batch.
        totals: of the epoch under way.
        start: measured before the first batch.
        best: measured at the end of ``best_epoch`` (from 1), whose weights are kept.
        best_tar: what decided; all processes know it, the measurements only the one that leads.
        without_better: measurements since then.
        weights: name of their file in the run's model folder.
        recorded: bytes of ``metrics.jsonl`` written.
    """

    at: Position = field(default_factory=Position)
    totals: Totals = field(default_factory=Totals)
    start: Measurement | None = None
    best: Measurement | None = None
    best_tar: float | None = None
    best_epoch: int = 0
    without_better: int = 0
    weights: str | None = None
    recorded: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "epoch": self.at.epoch,
            "batch": self.at.batch,
            "step": self.at.step,
            "totals": self.totals.state(),
            "start": self.start.to_dict() if self.start else None,
            "best": self.best.to_dict() if self.best else None,
            "best_tar": self.best_tar,
            "best_epoch": self.best_epoch,
            "without_better": self.without_better,
            "weights": self.weights,
            "recorded": self.recorded,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "RunState":
        start, best = (
            Measurement.from_dict(data[name]) if data[name] else None for name in ("start", "best")
        )
        return cls(
            at=Position(data["epoch"], data["batch"], data["step"]),
            totals=Totals(data["totals"]),
            start=start,
            best=best,
            best_tar=data["best_tar"],
            best_epoch=data["best_epoch"],
            without_better=data["without_better"],
            weights=data["weights"],
            recorded=data["recorded"],
        )
