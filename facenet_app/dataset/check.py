"""The doctor for labelled pictures: look at all of them, say what is wrong, change nothing."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from facenet_app.dataset.examine import Examination, examine
from facenet_app.dataset.findings import Findings, Leakage, find, leakage
from facenet_app.dataset.listing import Listing
from facenet_app.extraction import FaceExtractor

__all__ = ["CheckResult", "check"]

SCHEMA: Final = 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class CheckResult:
    """What was found.

    Attributes:
        listing: what was looked at.
        model: that made the embeddings, by its id.
        faces: pictures with a face.
        findings: see :class:`~.findings.Findings`.
        other: the list it was compared with, if there was one.
        leakage: what both share, if there was one.
    """

    listing: Listing
    model: str
    faces: int
    findings: Findings
    other: Listing | None = None
    leakage: Leakage | None = None

    def to_dict(self) -> dict[str, Any]:
        """As ``data check --json`` prints it."""
        counts = self.findings.counts()
        if self.leakage is not None:
            counts |= {
                "shared_people": len(self.leakage.people),
                "shared_pictures": len(self.leakage.pictures),
            }
        return {
            "schema": SCHEMA,
            "source": str(self.listing.root),
            "against": None if self.other is None else str(self.other.root),
            "model": self.model,
            "images": len(self.listing),
            "people": len(self.listing.people),
            "faces": self.faces,
            "counts": counts,
            "findings": self.findings.to_dict(),
            "leakage": None if self.leakage is None else asdict(self.leakage),
        }


def check(
    extractor: FaceExtractor, listing: Listing, other: Listing | None = None, progress: Progress | None = None
) -> CheckResult:
    """Look at every picture of a list, and at every one of another that should share nothing with it.

    Args:
        extractor: finds and embeds faces.
        listing: what is to be checked.
        other: what it must not share people or pictures with, as the pictures for testing.
        progress: called after each picture with how many of both are done and how many there are.
    """
    total = len(listing) + (0 if other is None else len(other))

    def look(at: Listing, before: int) -> Examination:
        if progress is None:
            return examine(extractor, at)
        return examine(extractor, at, lambda done, _: progress(before + done, total))

    examined = look(listing, 0)
    shared = None if other is None else leakage(examined, look(other, len(listing)))
    return CheckResult(
        listing=listing,
        model=extractor.model,
        faces=int(examined.found.sum()),
        findings=find(examined),
        other=other,
        leakage=shared,
    )
