"""Enrolling many people: pictures are read ahead, examined by a crew of workers, and written in batches.

A run that was stopped is simply started again: the gallery keeps the SHA-256 of every file that came
in this way, so what is enrolled is skipped once its bytes are read, and nothing else has to be kept or
can be out of step. Pictures that were refused are looked at again, since limits may have changed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from facenet_app.domain import Enrollment
from facenet_app.enrollment.batch import Batch, Piece
from facenet_app.enrollment.examine import Outcome, Picture
from facenet_app.enrollment.people import Person
from facenet_app.enrollment.reading import Portion

__all__ = ["Crew", "Progress", "enroll_people"]

Crew = Callable[[Iterable[Sequence[Picture]]], Iterator[list[Outcome]]]
"""Examines portions of pictures, taken as far ahead as it needs, and gives the outcomes in order."""

Progress = Callable[[int, int], None]
"""Called with how many pictures are done, and how many there are in all."""

PIECE = 100
"""Most pictures of a person in one transaction, so that others need not wait long for their turn."""


def enroll_people(
    people: Sequence[Person],
    portions: Iterable[Portion],
    crew: Crew,
    batch: Batch,
    progress: Progress | None = None,
) -> Iterator[Enrollment]:
    """Enroll people, in order; each is given when all of their pictures are written or refused.

    A picture that cannot be used, a name that cannot be one and a folder that cannot be read are
    refusals and stop nothing.

    Args:
        people: whom to enroll.
        portions: their pictures, as :func:`facenet_app.enrollment.reading.read_portions` gives them.
        crew: who examines pictures.
        batch: into which gallery, and by which rules.
        progress: called when pictures are done.

    Raises:
        GalleryError: the gallery cannot be read or written; whoever was given is in it.
        FacenetAppError: the crew cannot work; whoever was given is in the gallery.
    """
    before = list(accumulate((len(person.pictures) for person in people), initial=0))
    done = 0
    for number, outcomes, last in _pieces(_examined(portions, crew)):
        yield from batch.add(Piece(people[number].name, outcomes, last))
        done = before[number + 1] if last else done + len(outcomes)
        if progress is not None:
            progress(done, before[-1])
    yield from batch.write()


def _examined(portions: Iterable[Portion], crew: Crew) -> Iterator[tuple[int, Outcome]]:
    """Whose each picture is, and what it gave."""
    sent: deque[Portion] = deque()

    def pictures() -> Iterator[list[Picture]]:
        for portion in portions:
            sent.append(portion)
            yield portion.pictures

    for outcomes in crew(pictures()):
        found = iter(outcomes)
        for number, row in sent.popleft().rows:
            yield number, next(found) if isinstance(row, Picture) else row


def _pieces(examined: Iterable[tuple[int, Outcome]]) -> Iterator[tuple[int, list[Outcome], bool]]:
    """The pictures of each person together, in pieces; True with the last one of a person."""
    whose, piece = -1, list[Outcome]()
    for number, outcome in examined:
        if piece and (number != whose or len(piece) == PIECE):
            yield whose, piece, number != whose
            piece = []
        whose = number
        piece.append(outcome)
    if piece:
        yield whose, piece, True
