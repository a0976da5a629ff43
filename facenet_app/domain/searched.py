"""What a search of the gallery went by, whatever was searched for."""

from dataclasses import dataclass
from typing import Any

from facenet_app.domain.decisions import OperatingPoint, SearchRisk
from facenet_app.domain.notice import Notice

__all__ = ["Searched"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Searched:
    """A search (1:N), and the rule it decided by.

    Attributes:
        risk: None for a threshold given by hand: nothing is known of it.
        gallery_size: number of enrolled people the faces were compared with.
        comparisons: number of their samples, for which the threshold was corrected.
    """

    operating_point: OperatingPoint
    review_point: OperatingPoint | None = None
    risk: SearchRisk | None = None
    model: str
    gallery_size: int
    comparisons: int
    warnings: tuple[Notice, ...] = ()

    def rule_to_dict(self) -> dict[str, Any]:
        """The part of ``to_dict()`` that every search has, but for its warnings, which come last."""
        return {
            "threshold": self.operating_point.threshold,
            "operating_point": self.operating_point.to_dict(),
            "review_point": self.review_point.to_dict() if self.review_point else None,
            "model": self.model,
            "gallery_size": self.gallery_size,
            "comparisons": self.comparisons,
            "target_fpir": self.risk.target_fpir if self.risk else None,
        }
