"""Which faces of a video are one, on made faces whose places and looks are known."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.domain import (
    BoundingBox,
    Candidate,
    CandidateList,
    Decision,
    DetectedFace,
    Embedding,
    ExtractedFace,
    FaceCrop,
    Landmarks,
    Quality,
)
from facenet_app.video.follow import PATIENCE, Follower, Reach, overlaps

REACH = Reach(anywhere=0.9, place=1.2)
STEP = 0.2


@dataclass(frozen=True)
class Face:
    """Who looks like ``angle`` (radians on a circle: 0.9 apart is a distance of 0.87), and where."""

    angle: float
    left: float
    name: str | None = None
    usable: bool = True

    def found(self) -> CandidateList:
        vector = np.array([np.cos(self.angle), np.sin(self.angle)], np.float32)
        face = DetectedFace(
            BoundingBox(self.left, 0, 100, 100), Landmarks(np.zeros((5, 2), np.float32)), score=0.9
        )
        quality = Quality(50, 20, () if self.usable else ("face_blurred",))
        crop = FaceCrop(np.zeros((4, 4, 3), np.uint8), "made")
        candidates = (Candidate(self.name, self.name, "s", 0.5),) if self.name else ()
        decision = Decision.MATCH if self.name else Decision.NON_MATCH
        return CandidateList(ExtractedFace(face, crop, quality, Embedding(vector, "f")), decision, candidates)


def followed(*pictures: list[Face]) -> list[tuple[str | None, list[int]]]:
    """The name and the pictures of each appearance."""
    follower = Follower(REACH)
    for tick, faces in enumerate(pictures):
        follower.add(tick, tick * STEP, [face.found() for face in faces])
    return [
        (each.person.name if each.person else None, [sighting.tick for sighting in each.sightings])
        for each in follower.appearances()
    ]


def test_a_name_needs_three_of_five_pictures() -> None:
    known, unsure = Face(0, 0, "Ann"), Face(0, 0)
    assert followed([known], [known]) == [(None, [0, 1])]
    assert followed([known], [unsure], [known], [unsure], [known]) == [("Ann", [0, 1, 2, 3, 4])]
    assert followed([known], [unsure], [unsure], [known], [unsure], [unsure], [known]) == [
        (None, [*range(7)])
    ]


def test_two_people_who_swap_places_are_told_apart_by_their_looks() -> None:
    swapped = [Face(0, 300), Face(2, 0)]
    assert followed([Face(0, 0), Face(2, 300)], swapped) == [(None, [0, 1]), (None, [0, 1])]


def test_somebody_else_in_the_same_place_is_somebody_else() -> None:
    assert followed([Face(0, 0)], [Face(2, 0)]) == [(None, [0]), (None, [1])]


def test_in_the_same_place_looks_may_change_more() -> None:
    turned = 2 * np.arcsin(1.1 / 2)  # a distance of 1.1
    assert followed([Face(0, 0)], [Face(turned, 20)]) == [(None, [0, 1])]
    assert followed([Face(0, 0)], [Face(turned, 200)]) == [(None, [0]), (None, [1])]


def test_a_face_too_poor_to_compare_is_followed_by_its_place() -> None:
    blurred = Face(3, 10, usable=False)
    assert followed([Face(0, 0)], [blurred], [Face(0, 20)]) == [(None, [0, 1, 2])]
    assert followed([Face(0, 0)], [Face(0, 200, usable=False)]) == [(None, [0]), (None, [1])]


def test_a_face_may_be_out_of_sight_for_a_moment() -> None:
    gap = [[] for _ in range(int(PATIENCE / STEP) - 1)]
    assert followed([Face(0, 0)], *gap, [Face(0, 300)]) == [(None, [0, 5])]
    assert followed([Face(0, 0)], *gap, [], [Face(0, 300)]) == [(None, [0]), (None, [6])]


def test_who_has_a_name_is_not_joined_with_a_face_of_another_name() -> None:
    ann, bob = [Face(0, 0, "Ann")], [Face(0.1, 0, "Bob")]
    assert followed(*[ann] * 3, *[bob] * 3) == [("Ann", [0, 1, 2]), ("Bob", [3, 4, 5])]


def test_a_person_lost_for_a_moment_is_one_appearance() -> None:
    ann, turned = [Face(0, 0, "Ann")], [Face(1.5, 200, "Ann")]
    assert followed(*[ann] * 3, *[turned] * 3) == [("Ann", [*range(6)])]


def test_one_person_twice_in_a_picture_is_two_appearances() -> None:
    mirror = [Face(0, 0, "Ann"), Face(0, 300, "Ann")]
    assert followed(*[mirror] * 3) == [("Ann", [0, 1, 2]), ("Ann", [0, 1, 2])]


FACES = st.builds(
    Face, st.floats(0, 6), st.floats(0, 500), st.sampled_from([None, "Ann", "Bob"]), st.booleans()
)


@given(st.lists(st.lists(FACES, max_size=4), max_size=12))
def test_every_face_of_every_picture_is_in_one_appearance(pictures: list[list[Face]]) -> None:
    found = followed(*pictures)
    counts = [sum(ticks.count(number) for _, ticks in found) for number in range(len(pictures))]
    assert counts == [len(faces) for faces in pictures]
    assert all(ticks == sorted(set(ticks)) for _, ticks in found)


BOXES = st.builds(BoundingBox, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9))


@given(BOXES, BOXES)
def test_overlap_is_what_counting_pixels_says(a: BoundingBox, b: BoundingBox) -> None:
    def pixels(box: BoundingBox) -> set[tuple[int, int]]:
        columns = range(int(box.left), int(box.right))
        return {(x, y) for x in columns for y in range(int(box.top), int(box.bottom))}

    expected = len(pixels(a) & pixels(b)) / len(pixels(a) | pixels(b))
    assert overlaps([a], [b])[0, 0] == pytest.approx(expected, abs=1e-6)
