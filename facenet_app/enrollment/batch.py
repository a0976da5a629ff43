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
from facenet_app.errors import ConsentExpired, DuplicateSample
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore

__all__ = ["Batch", "Piece"]

SAMPLES = 64
"""A batch is written when it has so many samples: others who write wait a fraction of a second."""
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
    """Pieces that were decided about and wait to be written; not for several threads."""

    def __init__(self, gallery: GalleryStore, rules: Rules) -> None:
        self._gallery = gallery
        self._rules = rules
        self._waiting: list[tuple[Piece, Admission]] = []
        self._since = time.monotonic()
        self._written: list[Enrollment] = []  # of the person whose last piece is still to come

    def add(self, piece: Piece) -> Iterator[Enrollment]:
        """Take a piece; gives those people who are finished by what is written now, if anything is."""
        if self._alike(piece):  # the gate has to know of those who wait
            yield from self.write()
        self._waiting.append((piece, self._decide(piece)))
        samples = sum(len(each.drafts) for _, each in self._waiting)
        if samples >= SAMPLES or len(self._waiting) >= SAMPLES or time.monotonic() > self._since + SECONDS:
            yield from self.write()

    def write(self) -> Iterator[Enrollment]:
        """Write all that waits."""
        waiting, self._waiting = self._waiting, []
        entries = [(admission.name, admission.drafts) for _, admission in waiting if admission.drafts]
        try:
            written = iter(self._gallery.add_people(entries) if entries else [])
        except (DuplicateSample, ConsentExpired):  # of one of them; nothing was written
            written = None
        for piece, admission in waiting:
            if written is None:
                result = self._write_alone(piece)
            elif admission.drafts:
                result = admission.stored(*next(written))
            else:
                result = admission.stored(self._gallery.find(admission.name), ())
            self._written.append(result)
            if piece.last:
                yield _together(self._written)
                self._written = []
        self._since = time.monotonic()

    def _write_alone(self, piece: Piece) -> Enrollment:
        for attempt in range(ATTEMPTS):
            admission = self._decide(piece)
            if not admission.drafts:
                break
            try:
                return admission.stored(*self._gallery.add(admission.name, admission.drafts))
            except ConsentExpired as error:
                admission = admission.refusing(error)
                break
            except DuplicateSample:  # another process was faster
                if attempt == ATTEMPTS - 1:
                    raise
        return admission.stored(self._gallery.find(admission.name), ())

    def _decide(self, piece: Piece) -> Admission:
        refused = all(isinstance(each, RefusedImage) for each in piece.outcomes)
        # Of a name that cannot be a person's there are only refusals.
        name = piece.name if refused else checked_name(piece.name)
        return admit(self._gallery, name, piece.outcomes, self._rules)

    def _alike(self, piece: Piece) -> bool:
        """Whether the gate could think otherwise of this person if it knew of those who wait."""
        reach = self._rules.gate.reach
        others = [each for _, each in self._waiting if each.drafts]
        new = [each.draft.embedding.vector for each in piece.outcomes if isinstance(each, Examined)]
        if reach is None or not others or not new:
            return False
        if any(self._gallery.same_name(each.name, piece.name) for each in others):
            return True
        samples = np.stack([draft.embedding.vector for each in others for draft in each.drafts])
        counts = np.array([len(each.drafts) for each in others])
        means = centroids(samples, np.cumsum(counts) - counts)
        return bool(distances(np.stack(new), np.concatenate([samples, means])).min() <= reach)


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
