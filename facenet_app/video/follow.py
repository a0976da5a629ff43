"""Following faces from picture to picture of a video, by their place and their looks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.comparison.distance import distances
from facenet_app.domain import Appearance, BoundingBox, CandidateList, Sighting
from facenet_app.video.track import Track

__all__ = ["PATIENCE", "Follower", "Reach", "overlaps"]

PATIENCE: Final = 1.0
"""Seconds for which a face may be out of sight and is still the same one when it comes back."""
OVERLAP: Final = 0.3
"""Intersection over union of two boxes from which on they are in the same place."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to which distance two faces are taken for one: ``anywhere``, and in the same ``place``.

    A face that moves or turns changes; whoever is in the same place a moment later is rarely somebody
    else, and then looks different.
    """

    anywhere: float
    place: float


class Follower:
    """Takes the faces of one picture after the other, and joins those of one person.

    A face is joined with the nearest of those that were seen up to ``PATIENCE`` seconds before. One that
    is too poor to compare is followed by its place alone. Somebody who was named is not joined with a
    face that matches somebody else.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._active: list[Track] = []
        self._done: list[Track] = []

    def add(self, tick: int, time: float, faces: Sequence[CandidateList]) -> None:
        """The faces of the next picture; ``time`` in seconds never goes back."""
        lost = [track for track in self._active if track.sightings[-1].time < time - PATIENCE]
        self._done += lost
        self._active = [track for track in self._active if track not in lost]
        free = dict(enumerate(faces))
        for track, number in self._joined(faces):
            found = free.pop(number)
            track.add(Sighting(tick, time, found.face.face), found)
        self._active += [Track(Sighting(tick, time, found.face.face), found) for found in free.values()]

    def appearances(self) -> tuple[Appearance, ...]:
        """Every face so far, by its start; a person lost for a moment only is one appearance."""
        every = sorted(
            (track.appearance for track in (*self._done, *self._active)), key=lambda each: each.start
        )
        kept: list[Appearance] = []
        last: dict[str, int] = {}
        for each in every:
            person = each.person
            at = last.get(person.identity_id) if person else None
            if at is not None and 0 < each.start - kept[at].end <= PATIENCE:
                kept[at] = _together(kept[at], each)
                continue
            if person:
                last[person.identity_id] = len(kept)
            kept.append(each)
        return tuple(kept)

    def _joined(self, faces: Sequence[CandidateList]) -> Iterator[tuple[Track, int]]:
        """Tracks and the numbers of their faces, the likeliest first; each at most once."""
        if not self._active or not faces:
            return
        costs = self._costs(faces)
        for flat in np.argsort(costs, axis=None, kind="stable"):
            row, column = divmod(int(flat), len(faces))
            if not np.isfinite(costs[row, column]):
                continue
            yield self._active[row], column
            costs[row, :] = costs[:, column] = np.inf

    def _costs(self, faces: Sequence[CandidateList]) -> NDArray[np.float32]:
        """How unlikely each pair is to be one face: (tracks, faces), infinite if it is not."""
        blank = np.zeros_like(faces[0].face.embedding.vector)
        known = [blank if track.vector is None else track.vector for track in self._active]
        far = distances(np.stack(known), np.stack([found.face.embedding.vector for found in faces]))
        shared = overlaps(
            [track.sightings[-1].face.box for track in self._active], [found.face.face.box for found in faces]
        )
        comparable = np.logical_and.outer(
            [track.vector is not None for track in self._active],
            [found.face.quality.usable for found in faces],
        )
        same_place = shared >= OVERLAP
        reach = np.where(same_place, np.float32(self._reach.place), np.float32(self._reach.anywhere))
        linked = np.where(comparable, far <= reach, same_place)
        linked &= ~np.array([[track.refuses(found) for found in faces] for track in self._active])
        cost: NDArray[np.float32] = np.where(comparable, far, reach) - shared
        return np.where(linked, cost, np.float32(np.inf))


def overlaps(first: Sequence[BoundingBox], second: Sequence[BoundingBox]) -> NDArray[np.float32]:
    """Intersection over union of each box with each: float32 (first, second), 0 … 1."""
    a, b = (
        np.array([(box.left, box.top, box.right, box.bottom) for box in boxes], np.float32).reshape(-1, 4)
        for boxes in (first, second)
    )
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b)]
    union = areas[0][:, None] + areas[1][None, :] - common
    return np.asarray(common / np.maximum(union, np.finfo(np.float32).tiny), np.float32)


def _together(first: Appearance, second: Appearance) -> Appearance:
    assert first.person is not None
    assert second.person is not None
    nearer = min(first.person, second.person, key=lambda person: person.distance)
    return replace(first, person=nearer, sightings=(*first.sightings, *second.sightings))
