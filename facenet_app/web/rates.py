"""The error rates that the page offers, in plain words, and how a choice becomes a rate again.

A choice is a label and the rate as text; an empty text stands for the threshold that the settings give.
"""

from dataclasses import dataclass

from facenet_app.comparison.rules import Asked
from facenet_app.service import FaceService
from facenet_app.web import text

__all__ = ["RateChoices", "chosen_rate", "search_rates", "verification_rates"]

SEARCH_RATES = (1e-1, 1e-2, 1e-3)
"""Of searches: any rate can be asked for, since the threshold follows from the gallery's size."""
BY_HAND = ""


@dataclass(frozen=True, slots=True)
class RateChoices:
    """``choices`` are labels and values, the loosest rate first; ``default`` is the value of the settings."""

    choices: tuple[tuple[str, str], ...]
    default: str

    @property
    def any(self) -> bool:
        """Whether there is something to choose from."""
        return len(self.choices) > 1


def verification_rates(service: FaceService) -> RateChoices:
    """The measured false match rates at which two photos can be compared."""
    measured = {point.target_fmr for point in service.measured.points if point.target_fmr is not None}
    return _choices(Asked.of(service.settings), measured)


def search_rates(service: FaceService) -> RateChoices:
    """The false positive rates of a search; none where the model was never measured."""
    return _choices(
        Asked.of(service.settings, search=True), set(SEARCH_RATES) if service.measured.points else set()
    )


def chosen_rate(value: str | None) -> float | None:
    """The rate of a choice; None where the settings decide."""
    return float(value) if value else None


def _choices(asked: Asked, rates: set[float]) -> RateChoices:
    # A rate that is not looser than that of the review band would contradict it.
    offered = {rate for rate in rates if asked.review is None or rate > asked.review}
    if asked.threshold is None and rates:
        offered.add(asked.fmr)
    default = BY_HAND if asked.threshold is not None else str(asked.fmr)
    labelled = [(text.rate(rate), str(rate)) for rate in sorted(offered, reverse=True)]
    if asked.threshold is not None:
        labelled.insert(0, (text.by_hand(asked.threshold), BY_HAND))
    return RateChoices(
        tuple(
            (text.default(choice=label) if value == default else label, value) for label, value in labelled
        ),
        default,
    )
