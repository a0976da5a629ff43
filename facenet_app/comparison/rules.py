"""Which thresholds decide, from what the user asked for and what was measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from facenet_app.comparison.decide import checked_rate, choose, decide, given_threshold, merged
from facenet_app.comparison.search_threshold import choose_for_search, unmet
from facenet_app.domain import Decision, Notice, NoticeCode, OperatingPoint, SearchRisk
from facenet_app.errors import InvalidThreshold
from facenet_app.settings import Settings

__all__ = ["Asked", "Measured", "Rule"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants: a rate, or a threshold by hand; and perhaps a stricter rate for MATCH.

    ``fmr`` and ``review`` are 0 … 1: of comparisons where two pictures are compared (FMR), of
    searches in a gallery (FPIR).

    Raises:
        InvalidThreshold: a rate is not between 0 and 1, or ``review`` is not below ``fmr``.
    """

    fmr: float
    threshold: float | None = None
    review: float | None = None

    @classmethod
    def of(
        cls,
        settings: Settings,
        fmr: float | None = None,
        threshold: float | None = None,
        review: float | None = None,
        *,
        search: bool = False,
    ) -> "Asked":
        """What was given, and the settings for the rest; a rate given leads over a set threshold.

        ``search``: in a gallery, where the settings' rate is another one.
        """
        if threshold is None and fmr is None:
            threshold = settings.threshold
        usual = settings.search_fpir if search else settings.verification_fmr
        return cls(
            fmr=usual if fmr is None else fmr,
            threshold=threshold,
            review=settings.review if review is None else review,
        )

    def __post_init__(self) -> None:
        checked_rate(self.fmr)
        if self.review is None:
            return
        checked_rate(self.review)
        if self.threshold is None and self.review >= self.fmr:
            raise InvalidThreshold(
                f"the rate for REVIEW has to be stricter than {self.fmr:g}, and {self.review:g} is not",
                "give a lower one with --review, such as a tenth of --fmr",
            )


@dataclass(frozen=True, slots=True)
class Rule:
    """MATCH up to ``point``; REVIEW up to ``review_point``, if there is one; NON_MATCH beyond."""

    point: OperatingPoint
    review_point: OperatingPoint | None = None
    risk: SearchRisk | None = None

    def decide(self, distance: float, *, usable: bool = True) -> Decision:
        """See :func:`facenet_app.comparison.decide.decide`."""
        return decide(distance, self.point, review_point=self.review_point, usable=usable)

    @property
    def reach(self) -> float:
        """The largest distance that is not NON_MATCH."""
        return (self.review_point or self.point).threshold

    def warnings(self, detector: str) -> Iterator[Notice]:
        """What somebody who relies on the rates should know; ``detector`` is the one in use."""
        if self.risk is not None and (warning := unmet(self.risk)):
            yield warning
        if self.point.detector not in ("", detector):
            yield Notice(
                NoticeCode.OTHER_DETECTOR,
                f"The threshold was measured with the detector {self.point.detector}, not with {detector}.",
                values={"measured": self.point.detector, "used": detector},
            )


@dataclass(frozen=True, slots=True)
class Measured:
    """The operating points of a model, by ascending threshold, and rules made of them."""

    model: str
    fingerprint: str
    points: tuple[OperatingPoint, ...]

    def led_by(self, points: Sequence[OperatingPoint]) -> "Measured":
        """These points first; see :func:`facenet_app.comparison.decide.merged`."""
        return replace(self, points=merged(points, self.points))

    def for_verification(self, asked: Asked) -> Rule:
        """The rule for comparing two pictures (1:1).

        Raises:
            NoOperatingPoint: nothing was measured at a rate asked for.
            InvalidThreshold: the threshold is no distance, or not larger than the one for REVIEW.
        """
        looser = self._by_hand(asked) or choose(self.points, asked.fmr, self.model)
        if asked.review is None:
            return Rule(looser)
        return _band(looser, choose(self.points, asked.review, self.model))

    def for_search(self, asked: Asked, comparisons: int) -> Rule:
        """The rule for searching among ``comparisons`` enrolled samples (1:N).

        Raises: as :meth:`for_verification`.
        """
        by_hand = self._by_hand(asked)
        looser, risk = (by_hand, None) if by_hand else self._searching(asked.fmr, comparisons)
        if asked.review is None:
            return Rule(looser, risk=risk)
        return _band(looser, *self._searching(asked.review, comparisons))

    def _by_hand(self, asked: Asked) -> OperatingPoint | None:
        return None if asked.threshold is None else given_threshold(asked.threshold, self.fingerprint)

    def _searching(self, fpir: float, comparisons: int) -> tuple[OperatingPoint, SearchRisk]:
        return choose_for_search(self.points, fpir, comparisons, self.model)


def _band(looser: OperatingPoint, stricter: OperatingPoint, risk: SearchRisk | None = None) -> Rule:
    if stricter.threshold > looser.threshold:
        raise InvalidThreshold(
            f"the threshold of the rate for REVIEW, {stricter.threshold:g}, is not stricter than "
            f"{looser.threshold:g}",
            "give a lower rate with --review, or a larger distance with --threshold",
        )
    return Rule(stricter, looser, risk)
