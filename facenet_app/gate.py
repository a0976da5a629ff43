"""The enrollment gate: what must not get into a gallery by mistake, and why it was refused.

It asks three questions of every picture: is the face good enough, does it belong to somebody who is
enrolled already, and does it look like the person's other pictures? Where the line is, comes from
measured operating points alone:

========  ======================================  =========================================
mode      "belongs to somebody else"              "unlike the person's own pictures"
========  ======================================  =========================================
standard  within the strictest measured           beyond the loosest measured threshold
          threshold: almost certainly somebody
strict    whom a search would name                what a verification would not call a match
off       not asked                               not asked, nor is quality
========  ======================================  =========================================

In a large gallery strangers come near to somebody by chance. Where they do more often than the rate
accepted for searches, the standard mode only warns; strict refuses all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.agreement import agreeing, nearest
from facenet_app.comparison.rules import Asked, Measured
from facenet_app.comparison.search_threshold import fmr_for_fpir
from facenet_app.domain import (
    Candidate,
    Embedding,
    GateMode,
    Identity,
    Notice,
    NoticeCode,
    OperatingPoint,
    Quality,
    SampleDraft,
    SearchRisk,
    Template,
)
from facenet_app.errors import BelongsToOther, GalleryError, PoorQuality, UnlikeOwnSamples
from facenet_app.imaging.quality import ADVICE
from facenet_app.settings import Settings

__all__ = ["ON_COMMAND_LINE", "Enrolled", "Gate", "Searched", "Verdict"]

ON_COMMAND_LINE: Final = " with --gate off"
"""How to enroll a picture anyway, in the sentences of what was refused; other interfaces have other ways."""
_ANYWAY = f"enroll it anyway{ON_COMMAND_LINE}"
_UNMEASURED = Notice(
    NoticeCode.NOT_COMPARED,
    "No threshold was measured for this model, so nobody checked whether the faces belong to somebody else.",
)


class Searched(Protocol):
    """What the gate asks of an index; it needs to know of people within :attr:`Gate.reach` only."""

    @property
    def samples(self) -> int: ...
    def search_each(
        self, embeddings: Sequence[Embedding], k: int, template: Template
    ) -> list[list[Candidate]]: ...


class Enrolled(Protocol):
    """What the gate asks of a gallery; see :class:`facenet_app.gallery.store.GalleryStore`."""

    def find(self, name: str) -> Identity | None: ...
    def embeddings(self, identity_id: str) -> list[Embedding]: ...
    def index(self) -> Searched: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one picture: refused with ``error``, or let in, perhaps with a warning.

    ``like`` is the id of somebody else's sample that it looks like, if either is about that.
    """

    error: GalleryError | None = None
    warning: Notice | None = None
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one service.

    Attributes:
        settings: decide the mode, the rates of strict, and what stands for a person.
        measured: the operating points of the model, led by those of the gallery.
        expected: how many samples there will be at least when all is enrolled that is to be: what is
            by chance among so many is so from the first picture on, whatever their order.
    """

    settings: Settings
    measured: Measured
    expected: int = 0

    @property
    def is_off(self) -> bool:
        """Whether everybody gets in."""
        return self.settings.gate is GateMode.OFF

    @property
    def reach(self) -> float | None:
        """A face that is farther than this from somebody else is not taken for theirs; None: any face."""
        if self.is_off or not self.measured.points:
            return None
        if self.settings.gate is GateMode.STANDARD:
            return self.measured.points[0].threshold
        return max(self.measured.points[-1].threshold, self.settings.threshold or 0)

    def refuse_poor(self, quality: Quality) -> None:
        """Do nothing if the face may be enrolled as far as its quality goes.

        Raises:
            PoorQuality: it is too poor, and the gate is not off.
        """
        if quality.usable or self.is_off:
            return
        raise PoorQuality(
            f"the face is too poor to enroll ({', '.join(quality.reasons)})",
            "; ".join(ADVICE[reason] for reason in quality.reasons),
            reasons=quality.reasons,
        )

    def judge(self, gallery: Enrolled, name: str, drafts: Sequence[SampleDraft]) -> list[Verdict]:
        """One verdict for each draft of the person called ``name``, who may be new.

        Raises:
            NoOperatingPoint: the mode is strict, and nothing was measured for the model.
        """
        if self.is_off or not drafts:
            return [Verdict()] * len(drafts)
        if self.settings.gate is GateMode.STANDARD and not self.measured.points:
            return [Verdict(warning=_UNMEASURED), *[Verdict()] * (len(drafts) - 1)]
        # In this order: whom another process adds in between must not be found as somebody else.
        index = gallery.index()
        person = gallery.find(name)
        own_id = None if person is None else person.id
        verdicts = self._strangers(index, own_id, drafts)
        kept = [number for number, verdict in enumerate(verdicts) if verdict.error is None]
        if not kept:
            return verdicts
        own = [] if own_id is None else gallery.embeddings(own_id)
        unlike = self._unlike(
            name,
            np.array([drafts[number].embedding.vector for number in kept], np.float32),
            np.array([each.vector for each in own], np.float32),
        )
        for number, error in zip(kept, unlike, strict=True):
            if error is not None:
                verdicts[number] = Verdict(error)
        return verdicts

    def _strangers(self, index: Searched, own_id: str | None, drafts: Sequence[SampleDraft]) -> list[Verdict]:
        """Whether each face belongs to somebody else."""
        point, risk = self._other_point(max(index.samples, self.expected))
        verdicts = []
        faces = [draft.embedding for draft in drafts]
        for candidates in index.search_each(faces, 2, self.settings.template):
            other = next((each for each in candidates if each.identity_id != own_id), None)
            if other is None or other.distance > point.threshold:
                verdicts.append(Verdict())
            elif other is not candidates[0]:  # the person's own pictures are nearer, as a twin's may be
                verdicts.append(Verdict(warning=_also_like(other, point), like=other.sample_id))
            elif risk is not None and not risk.kept:
                verdicts.append(Verdict(warning=_by_chance(other, point, risk), like=other.sample_id))
            else:
                verdicts.append(Verdict(_belongs(other, point), like=other.sample_id))
        return verdicts

    def _other_point(self, comparisons: int) -> tuple[OperatingPoint, SearchRisk | None]:
        """Up to where a face belongs to somebody; the risk is that of being wrong, None for strict."""
        if self.settings.gate is GateMode.STRICT:
            return self.measured.for_search(Asked.of(self.settings, search=True), comparisons).point, None
        point = self.measured.points[0]
        fpir = self.settings.search_fpir
        required = fmr_for_fpir(fpir, max(comparisons, 1))
        assert point.target_fmr is not None
        return point, SearchRisk(comparisons, fpir, required, point.target_fmr)

    def _own_point(self) -> OperatingPoint:
        if self.settings.gate is GateMode.STRICT:
            return self.measured.for_verification(Asked.of(self.settings)).point
        return self.measured.points[-1]

    def _unlike(
        self, name: str, new: NDArray[np.float32], own: NDArray[np.float32]
    ) -> list[UnlikeOwnSamples | None]:
        point = self._own_point()
        agree = agreeing(new, own, point.threshold)
        apart = nearest(new, own if len(own) else new[agree])
        return [
            None if fits else _unlike(name, float(far), point) for fits, far in zip(agree, apart, strict=True)
        ]


def _belongs(other: Candidate, point: OperatingPoint) -> BelongsToOther:
    return BelongsToOther(
        f"this face belongs to {_alike(other, point)}",
        f"add it to that person, or {_ANYWAY} (twins and relatives can be this alike)",
    )


def _alike(other: Candidate, point: OperatingPoint) -> str:
    """Who it looks like, and how often that would be wrong."""
    if point.target_fmr is None:
        return f"{other.name!r} (distance {other.distance:.3f}, threshold {point.threshold:g} given by hand)"
    return (
        f"{other.name!r} (distance {other.distance:.3f}; of different people 1 pair in "
        f"{round(1 / point.target_fmr):,} is within {point.threshold:.3f})"
    )


def _also_like(other: Candidate, point: OperatingPoint) -> Notice:
    sentence = f"The face is also like that of {_alike(other, point)}."
    return Notice(NoticeCode.ALSO_LIKE, sentence, values=_values(other, point))


def _values(other: Candidate, point: OperatingPoint) -> dict[str, str | float]:
    return {"name": other.name, "distance": other.distance, "threshold": point.threshold}


def _by_chance(other: Candidate, point: OperatingPoint, risk: SearchRisk) -> Notice:
    sentence = (
        f"The face may belong to {_alike(other, point)}. It was not refused: among "
        f"{risk.comparisons:,} enrolled pictures up to {100 * risk.fpir_bound:.2g} % of new people look "
        "like somebody by chance."
    )
    chance = {"pictures": risk.comparisons, "strangers": risk.fpir_bound}
    return Notice(NoticeCode.MAY_BELONG, sentence, values={**_values(other, point), **chance})


def _unlike(name: str, far: float, point: OperatingPoint) -> UnlikeOwnSamples:
    missed = ""
    if point.fnmr is not None:
        missed = (
            f"; of the same person {100 * point.fnmr.value:.2g} % of pairs are beyond {point.threshold:.3f}"
        )
    return UnlikeOwnSamples(
        f"this face is unlike the other pictures of {name!r} (nearest distance {far:.3f}{missed})",
        f"check whom the picture shows, or {_ANYWAY}",
    )
