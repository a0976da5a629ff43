"""Reading the pictures of many people in portions, without those that are enrolled already."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from facenet_app.domain import RefusedImage
from facenet_app.enrollment.admit import refuse_others
from facenet_app.enrollment.examine import Known, Picture, read_picture
from facenet_app.enrollment.people import Person
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import DuplicateSample, ImageError, InvalidName, UsageError
from facenet_app.gallery.names import checked_name
from facenet_app.gallery.store import GalleryStore

__all__ = ["Portion", "read_portions"]

TOGETHER = 8
"""Files read at a time: disks answer several requests sooner than one after the other."""
PICTURES, BYTES = 24, 8_000_000
"""A portion ends when it has so many pictures, or bytes."""


@dataclass(slots=True)
class Portion:
    """Some pictures of one or several people.

    Attributes:
        rows: for each picture, which of the people it is of (their number in the list), and what is
            known of it: refused, enrolled already, or still to be examined.
    """

    rows: list[tuple[int, RefusedImage | Known | Picture]] = field(default_factory=list)

    @property
    def pictures(self) -> list[Picture]:
        """Those to examine."""
        return [row for _, row in self.rows if isinstance(row, Picture)]


def read_portions(people: Sequence[Person], gallery: GalleryStore, most: int) -> Iterator[Portion]:
    """All pictures of the people, in order; one row for a person who cannot be enrolled at all.

    Args:
        people: whom to read.
        gallery: where pictures of the same bytes may be enrolled.
        most: bytes of a picture file.
    """
    tasks = ((number, source) for number, person in enumerate(people) for source in _sources(person))
    portion = Portion()
    with ThreadPoolExecutor(TOGETHER) as pool:
        while chunk := list(islice(tasks, TOGETHER)):
            read = pool.map(lambda task: _read(task[1], most), chunk)
            portion.rows += zip((number for number, _ in chunk), read, strict=True)
            if len(portion.rows) >= PICTURES or sum(len(each.data) for each in portion.pictures) >= BYTES:
                yield _without_known(portion, people, gallery)
                portion = Portion()
    if portion.rows:
        yield _without_known(portion, people, gallery)


def _sources(person: Person) -> Iterator[str | RefusedImage]:
    """The paths of a person's pictures, or why there is none to read."""
    try:
        checked_name(person.name)
        if not person.pictures:
            raise UsageError("no picture was given", "give at least one picture of the person")
    except (InvalidName, UsageError) as error:
        yield refusal(person.source, error)
        return
    yield from map(str, person.pictures)


def _read(source: str | RefusedImage, most: int) -> RefusedImage | Picture:
    if isinstance(source, RefusedImage):
        return source
    try:
        return read_picture(source, most)
    except ImageError as error:
        return refusal(source, error)


def _without_known(portion: Portion, people: Sequence[Person], gallery: GalleryStore) -> Portion:
    """The portion with the pictures marked that are enrolled, for whomever."""
    owners = gallery.owners_of([each.sha256 for each in portion.pictures])
    for row, (number, picture) in enumerate(portion.rows):
        if isinstance(picture, Picture) and picture.sha256 in owners:
            portion.rows[row] = number, _enrolled(picture, owners[picture.sha256], people[number])
    return portion


def _enrolled(picture: Picture, owner: str, person: Person) -> Known | RefusedImage:
    try:
        refuse_others(owner, person.name)
    except DuplicateSample as error:
        return refusal(picture.source, error)
    return Known(picture.source)
