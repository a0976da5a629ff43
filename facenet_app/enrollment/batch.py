"""Writing the samples of several people in one transaction: a commit waits for the disk."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.agreement import any_within
from facenet_app.domain import Enrollment, RefusedImage, SampleDraft
from facenet_app.enrollment.admit import Admission, Rules, admit
from facenet_app.enrollment.examine import Examined, Outcome
from facenet_app.enrollment.settle import settle
from facenet_app.enrollment.view import View
from facenet_app.errors import ConsentExpired, DecisionOutdated, DuplicateSample
from facenet_app.gallery.basis import Basis
from facenet_app.gallery.names import checked_name, name_key
from facenet_app.gallery.store import GalleryStore

__all__ = ["Batch", "Piece"]

PICTURES = 64
"""A batch is written when it has so many pictures: others who write wait a fraction of a second."""
SECONDS = 2.0
"""... or is so old: that much is lost at most when a run is killed."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Pictures of one person, some or all.

    Attributes:
        name: of the person, perhaps not one that a person can have; then there are only refusals.
        outcomes: one a picture.
        last: no more pictures of this person will come.
    """

    name: str
    outcomes: Sequence[Outcome]
    last: bool


class Batch:
    """Pieces that wait to be decided about and written; not for several threads."""

    def __init__(self, gallery: GalleryStore, rules: Rules) -> None:
        self._gallery = gallery
        self._rules = rules
        self._waiting: list[Piece] = []
        self._since = time.monotonic()
        self._written: list[Enrollment] = []  # of the person whose last piece is still to come

    def add(self, piece: Piece) -> Iterator[Enrollment]:
        """Take a piece; gives those people who are finished by what is written now, if anything is."""
        self._waiting.append(piece)
        pictures = sum(len(each.outcomes) for each in self._waiting)
        if pictures >= PICTURES or time.monotonic() > self._since + SECONDS:
            yield from self.write()

    def write(self) -> Iterator[Enrollment]:
        """Decide about all that waits, as if one piece came after the other, and write it."""
        waiting, self._waiting = self._waiting, []
        while waiting:
            decided = self._decide(waiting)
            for piece, result in zip(waiting, self._stored(waiting[: len(decided)], decided), strict=False):
                self._written.append(result)
                if piece.last:
                    yield _together(self._written)
                    self._written = []
            waiting = waiting[len(decided) :]
        self._since = time.monotonic()

    def _decide(self, pieces: Sequence[Piece]) -> list[Admission]:
        """About the first ones: all before one for whom those before have to be in the gallery."""
        names = [_checked(piece) for piece in pieces]
        drafts = [[each.draft for each in piece.outcomes if isinstance(each, Examined)] for piece in pieces]
        view = View(self._gallery, names, list(chain.from_iterable(drafts)), self._rules.gate)
        decided: list[Admission] = []
        before = _Before(self._rules.gate.reach)
        for name, piece, own in zip(names, pieces, drafts, strict=True):
            if before.matters(name, own):
                break
            decided.append(admit(view, name, piece.outcomes, self._rules))
            before.add(name, decided[-1].drafts)
        return decided

    def _stored(self, pieces: Sequence[Piece], admissions: Sequence[Admission]) -> list[Enrollment]:
        """Write in one transaction, or one by one where somebody else was faster."""
        new = [each for each in admissions if each.drafts]
        entries = [(each.name, each.drafts) for each in new]
        try:
            written = iter(self._gallery.add_people(entries, basis=_joint(new)) if new else [])
        except (DuplicateSample, ConsentExpired, DecisionOutdated):  # nothing was written
            return [
                settle(self._gallery, _checked(piece), piece.outcomes, self._rules)[1] for piece in pieces
            ]
        others = self._gallery.find_people([each.name for each in admissions if not each.drafts])
        return [
            each.stored(*next(written)) if each.drafts else each.stored(others.get(each.name), ())
            for each in admissions
        ]


class _Before:
    """Who of a batch is to be stored before a person about whom is decided.

    Args:
        reach: of the gate; None: it does not matter to it who is enrolled.
    """

    def __init__(self, reach: float | None) -> None:
        self._reach = reach
        self._keys: set[str] = set()
        self._vectors: list[NDArray[np.float32]] = []
        self._starts: list[int] = []

    def add(self, name: str, drafts: Sequence[SampleDraft]) -> None:
        """Drafts of a person."""
        if drafts:
            self._keys.add(name_key(name))
            self._starts.append(len(self._vectors))
            self._vectors += [draft.embedding.vector for draft in drafts]

    def matters(self, name: str, drafts: Sequence[SampleDraft]) -> bool:
        """Whether the gate could think otherwise of a person if it knew of those before."""
        if self._reach is None or not self._keys or not drafts:
            return False
        if name_key(name) in self._keys:
            return True
        faces = np.stack([draft.embedding.vector for draft in drafts])
        return any_within(faces, np.stack(self._vectors), np.array(self._starts), self._reach)


def _joint(admissions: Sequence[Admission]) -> Basis:
    """What all of these decisions, by one rule from one view, rest on."""
    people = {key: owner for each in admissions for key, owner in each.basis.people.items()}
    return replace(admissions[0].basis, people=people)


def _checked(piece: Piece) -> str:
    """The name as the gallery writes it; of one that cannot be a person's there are only refusals."""
    refused = all(isinstance(each, RefusedImage) for each in piece.outcomes)
    return piece.name if refused else checked_name(piece.name)


def _together(parts: Sequence[Enrollment]) -> Enrollment:
    """The pieces of one person as one result."""
    last = parts[-1]
    return replace(
        last,
        samples=tuple(chain.from_iterable(each.samples for each in parts)),
        refused=tuple(chain.from_iterable(each.refused for each in parts)),
        warnings=tuple(chain.from_iterable(each.warnings for each in parts)),
        known=sum(each.known for each in parts),
    )
