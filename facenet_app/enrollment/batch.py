"""Writing the samples of several people in one transaction: a commit waits for the disk."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from facenet_app.comparison.distance import centroids, distances
from facenet_app.domain import Enrollment, RefusedImage
from facenet_app.enrollment.admit import Admission, Rules, admit
from facenet_app.enrollment.examine import Examined, Outcome
from facenet_app.enrollment.view import View
from facenet_app.errors import ConsentExpired, DuplicateSample
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore

__all__ = ["Batch", "Piece"]

PICTURES = 64
"""A batch is written when it has so many pictures: others who write wait a fraction of a second."""
SECONDS = 2.0
"""... or is so old: that much is lost at most when a run is killed."""
ATTEMPTS = 5
"""How often to decide anew when another process was faster with a picture."""


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
        self._ungated = rules.gate.is_off
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
        examined = [each for piece in pieces for each in piece.outcomes if isinstance(each, Examined)]
        digests = [each.draft.content_sha256 for each in examined]
        view = View(self._gallery, names, digests, searched=self._rules.gate.reach is not None)
        decided: list[Admission] = []
        for name, piece in zip(names, pieces, strict=True):
            if self._alike(name, piece, decided):
                break
            decided.append(admit(view, name, piece.outcomes, self._rules))
        return decided

    def _alike(self, name: str, piece: Piece, before: Sequence[Admission]) -> bool:
        """Whether the gate could think otherwise of this person if it knew of those before."""
        reach = self._rules.gate.reach
        others = [each for each in before if each.drafts]
        new = [each.draft.embedding.vector for each in piece.outcomes if isinstance(each, Examined)]
        if reach is None or not others or not new:
            return False
        if any(self._gallery.same_name(each.name, name) for each in others):
            return True
        samples = np.stack([draft.embedding.vector for each in others for draft in each.drafts])
        counts = np.array([len(each.drafts) for each in others])
        means = centroids(samples, np.cumsum(counts) - counts)
        return bool(distances(np.stack(new), np.concatenate([samples, means])).min() <= reach)

    def _stored(self, pieces: Sequence[Piece], admissions: Sequence[Admission]) -> list[Enrollment]:
        """Write in one transaction, or one by one where a picture is in the way."""
        entries = [(each.name, each.drafts) for each in admissions if each.drafts]
        try:
            written = iter(self._gallery.add_people(entries, ungated=self._ungated) if entries else [])
        except (DuplicateSample, ConsentExpired):  # of one of them; nothing was written
            return [self._stored_alone(piece) for piece in pieces]
        others = self._gallery.find_people([each.name for each in admissions if not each.drafts])
        return [
            each.stored(*next(written)) if each.drafts else each.stored(others.get(each.name), ())
            for each in admissions
        ]

    def _stored_alone(self, piece: Piece) -> Enrollment:
        name = _checked(piece)
        for attempt in range(ATTEMPTS):
            admission = admit(self._gallery, name, piece.outcomes, self._rules)
            if not admission.drafts:
                break
            try:
                return admission.stored(*self._gallery.add(name, admission.drafts, ungated=self._ungated))
            except ConsentExpired as error:
                admission = admission.refusing(error)
                break
            except DuplicateSample:  # another process was faster
                if attempt == ATTEMPTS - 1:
                    raise
        return admission.stored(self._gallery.find(name), ())


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
