"""Which of several faces is used."""

import numpy as np
import pytest

from facenet_app.detection.select import select
from facenet_app.domain import BoundingBox, DetectedFace, FaceNumber, Landmarks, Selection
from facenet_app.errors import UsageError


def face(left: float, top: float, size: float) -> DetectedFace:
    return DetectedFace(BoundingBox(left, top, size, size), Landmarks(np.zeros((5, 2), np.float32)), 0.9)


BIG_LEFT, SMALL_CENTER, MIDDLE_RIGHT = face(0, 0, 50), face(90, 90, 10), face(120, 90, 40)
FACES = (MIDDLE_RIGHT, BIG_LEFT, SMALL_CENTER)


@pytest.mark.parametrize(
    ("selection", "expected", "because"),
    [
        (Selection.PROMINENT, (MIDDLE_RIGHT,), "most prominent"),
        (Selection.LARGEST, (BIG_LEFT,), "largest"),
        (Selection.MOST_CENTRAL, (SMALL_CENTER,), "most central"),
        (Selection.ALL, (BIG_LEFT, SMALL_CENTER, MIDDLE_RIGHT), "all faces"),
    ],
)
def test_each_policy(selection: Selection, expected: tuple[DetectedFace, ...], because: str) -> None:
    chosen, reason = select(FACES, selection, 200, 200)
    assert chosen == expected
    assert because in reason


@pytest.mark.parametrize("selection", [Selection.PROMINENT, Selection.LARGEST, Selection.MOST_CENTRAL])
def test_a_single_face_is_the_only_one(selection: Selection) -> None:
    assert select([BIG_LEFT], selection, 200, 200) == ((BIG_LEFT,), "the only face was used")


def test_a_face_by_its_number_from_the_left() -> None:
    for number, expected in enumerate((BIG_LEFT, SMALL_CENTER, MIDDLE_RIGHT), 1):
        chosen, reason = select(FACES, FaceNumber(number), 200, 200)
        assert chosen == (expected,)
        assert f"face {number} from the left" in reason


@pytest.mark.parametrize("number", [-1, 0, 4])
def test_a_number_that_no_face_has(number: int) -> None:
    with pytest.raises(UsageError, match=f"face {number} was asked for, and the number of faces found is 3"):
        select(FACES, FaceNumber(number), 200, 200)
