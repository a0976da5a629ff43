"""What is wrong with labelled pictures, as ``data check`` tells it."""

from collections import defaultdict
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app.dataset.examine import Examination, Seen
from facenet_app.dataset.neighbors import NearPair, near_duplicates, nearest
from facenet_app.errors import FaceError, ImageError
from facenet_app.imaging.quality import FACE_TOO_SMALL

__all__ = ["Findings", "Flag", "LabelDoubt", "Leakage", "Pair", "Same", "find", "leakage"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One picture and what was seen of it: a count, a measurement, or a code."""

    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class Same:
    """Pictures with the same pixels. ``identical``: the files are the same, too."""

    paths: tuple[str, ...]
    people: tuple[str, ...]
    identical: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures that seem to come from one photo."""

    first: str
    second: str
    same_person: bool
    distance: float
    correlation: float


@dataclass(frozen=True, slots=True)
class LabelDoubt:
    """A picture that is nearer to somebody else's than to its own person's.

    Both others are paths; the distances are those to the nearest of each kind.
    """

    path: str
    person: str
    own: str
    own_distance: float
    other: str
    other_person: str
    other_distance: float


@dataclass(frozen=True, slots=True)
class Leakage:
    """What two lists share: people of the same name, and pictures (the first of a pair is ours)."""

    people: tuple[str, ...]
    pictures: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found, worst first where there is a worst. Paths are relative to the source."""

    unreadable: tuple[Flag, ...]
    rotated: tuple[Flag, ...]
    no_face: tuple[Flag, ...]
    several_faces: tuple[Flag, ...]
    too_small: tuple[Flag, ...]
    poor_quality: tuple[Flag, ...]
    duplicates: tuple[Same, ...]
    near_duplicates: tuple[Pair, ...]
    label_doubts: tuple[LabelDoubt, ...]
    single_image: tuple[str, ...]
    """People, not pictures."""

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return {each.name: len(getattr(self, each.name)) for each in fields(self)}

    def to_dict(self) -> dict[str, Any]:
        """As ``data check --json`` prints them."""
        return asdict(self)


def find(examined: Examination) -> Findings:
    """Everything that one list shows by itself."""
    listing, seen = examined.listing, examined.seen
    named = list(zip(listing.names, seen, strict=True))
    measured = sorted(
        ((name, each.quality) for name, each in named if each.quality),
        key=lambda each: each[1].eye_distance or 0,
    )
    counts = np.bincount(listing.labels).tolist()
    return Findings(
        unreadable=tuple(
            Flag(name, each.error.code) for name, each in named if isinstance(each.error, ImageError)
        ),
        rotated=tuple(Flag(name, _turn(each)) for name, each in named if each.turned or each.exif_turned),
        no_face=tuple(Flag(name, "") for name, each in named if _shows_nobody(each)),
        several_faces=tuple(Flag(name, f"{each.faces} faces") for name, each in named if each.faces > 1),
        too_small=tuple(
            Flag(name, f"{quality.eye_distance:.0f} pixels between the eyes")
            for name, quality in measured
            if FACE_TOO_SMALL in quality.reasons
        ),
        poor_quality=tuple(
            Flag(name, ", ".join(others))
            for name, quality in measured
            if (others := [reason for reason in quality.reasons if reason != FACE_TOO_SMALL])
        ),
        duplicates=_same(examined),
        near_duplicates=_near(examined),
        label_doubts=_doubts(examined),
        single_image=tuple(name for name, count in zip(listing.people, counts, strict=True) if count == 1),
    )


def _turn(seen: Seen) -> str:
    """How a picture is turned; in its file, or in truth."""
    words = ["turned by its EXIF block"] if seen.exif_turned else []
    if seen.turned:
        words.append(f"the face is upright after {seen.turned} degrees counterclockwise")
    return "; ".join(words)


def _shows_nobody(seen: Seen) -> bool:
    return isinstance(seen.error, FaceError) and not seen.turned


def _same(examined: Examination) -> tuple[Same, ...]:
    """Groups of pictures with the same pixels, or bytes where there is no face; of several people first."""
    groups: dict[str | bytes, list[int]] = defaultdict(list)
    for row, seen in enumerate(examined.seen):
        if key := seen.pixels or seen.content:
            groups[key].append(row)
    listing = examined.listing
    found = [
        Same(
            paths=tuple(listing.names[row] for row in rows),
            people=tuple(dict.fromkeys(listing.people[listing.labels[row]] for row in rows)),
            identical=len({examined.seen[row].content for row in rows}) == 1,
        )
        for rows in groups.values()
        if len(rows) > 1
    ]
    return tuple(sorted(found, key=lambda group: -len(group.people)))


def _near(examined: Examination) -> tuple[Pair, ...]:
    """Pictures that seem to come from one photo but have other pixels; of two people first."""
    rows = np.flatnonzero(examined.found)
    thumbnails = _thumbnails(examined, rows)
    pairs = [
        _pair(examined, examined, near, int(rows[near.first]), int(rows[near.second]))
        for near in near_duplicates(examined.vectors[rows], thumbnails)
        if examined.seen[rows[near.first]].pixels != examined.seen[rows[near.second]].pixels
    ]
    return tuple(sorted(pairs, key=lambda pair: pair.same_person))


def _pair(one: Examination, two: Examination, near: NearPair, first: int, second: int) -> Pair:
    people = one.listing.people[one.listing.labels[first]], two.listing.people[two.listing.labels[second]]
    return Pair(
        first=one.listing.names[first],
        second=two.listing.names[second],
        same_person=people[0] == people[1],
        distance=round(near.distance, 4),
        correlation=round(near.correlation, 3),
    )


def _thumbnails(examined: Examination, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    each = [examined.seen[row].thumbnail for row in rows]
    return np.stack([one for one in each if one is not None]) if each else np.empty((0, 32, 32), np.uint8)


def _doubts(examined: Examination) -> tuple[LabelDoubt, ...]:
    """Pictures nearer to somebody else's than to all of their own person's; the greatest difference first.

    People with one picture have nothing to be compared with, and cannot be doubted. A picture in the
    wrong folder is near to those it belongs with: that explains it if one of these is nearer to it than
    to its own, and that one is not doubted.
    """
    listing, rows = examined.listing, np.flatnonzero(examined.found)
    labels = listing.labels[rows]
    near = nearest(examined.vectors[rows], labels)
    doubted = np.flatnonzero((near.own >= 0) & (near.other_distance < near.own_distance))
    gap = near.own_distance[doubted] - near.other_distance[doubted]
    strayed: dict[int, int] = {}
    doubts = []
    for at in doubted[np.argsort(-gap, kind="stable")].tolist():
        other = int(near.other[at])
        if strayed.get(other) == labels[at]:
            continue
        strayed[at] = int(labels[other])
        doubts.append(
            LabelDoubt(
                path=listing.names[rows[at]],
                person=listing.people[labels[at]],
                own=listing.names[rows[near.own[at]]],
                own_distance=round(float(near.own_distance[at]), 4),
                other=listing.names[rows[other]],
                other_person=listing.people[labels[other]],
                other_distance=round(float(near.other_distance[at]), 4),
            )
        )
    return tuple(doubts)


def leakage(examined: Examination, other: Examination) -> Leakage:
    """What two lists share that should share nothing, as those for training and for testing."""
    keys: dict[str | bytes, int] = {}
    for row, seen in enumerate(other.seen):
        for key in (seen.pixels, seen.content):
            if key:
                keys.setdefault(key, row)
    pairs = []
    for row, seen in enumerate(examined.seen):
        there = next((keys[key] for key in (seen.pixels, seen.content) if key in keys), None)
        if there is not None:
            pairs.append(_pair(examined, other, NearPair(row, there, 0.0, 1.0), row, there))
    ours, theirs = np.flatnonzero(examined.found), np.flatnonzero(other.found)
    if ours.size and theirs.size:
        found = near_duplicates(
            np.concatenate([examined.vectors[ours], other.vectors[theirs]]),
            np.concatenate([_thumbnails(examined, ours), _thumbnails(other, theirs)]),
            np.repeat([0, 1], [ours.size, theirs.size]),
        )
        for near in found:
            row, there = int(ours[near.first]), int(theirs[near.second - ours.size])
            if examined.seen[row].pixels != other.seen[there].pixels:
                pairs.append(_pair(examined, other, near, row, there))
    people = set(examined.listing.people) & set(other.listing.people)
    return Leakage(tuple(sorted(people)), tuple(sorted(pairs, key=lambda pair: pair.distance)))
