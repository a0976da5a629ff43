"""Boxes, landmarks and labels: in place, legible, inside the picture."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facenet_app.domain import BoundingBox, DetectedFace, Landmarks
from facenet_app.imaging.draw import draw_faces

Pixels = NDArray[np.uint8]
GREEN, YELLOW, RED = (0, 150, 60), (255, 220, 60), (200, 0, 30)


def found(left: float, top: float, width: float, height: float) -> DetectedFace:
    places = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
    points = (np.array([left, top]) + places * [width, height]).astype(np.float32)
    return DetectedFace(BoundingBox(left, top, width, height), Landmarks(points), 0.9)


def blank(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), 90, np.uint8)


def is_color(drawn: Pixels, color: tuple[int, int, int]) -> NDArray[np.bool_]:
    return (drawn == color).all(axis=-1)


def changed(drawn: Pixels) -> NDArray[np.bool_]:
    return (drawn != 90).any(axis=-1)


def test_the_picture_handed_in_is_not_changed(pixels: Pixels) -> None:
    before = pixels.copy()
    drawn = draw_faces(pixels, [(found(60, 50, 80, 100), "Eileen", GREEN)])
    np.testing.assert_array_equal(pixels, before)
    assert drawn.shape == pixels.shape
    assert drawn.dtype == np.uint8
    assert (drawn != pixels).any()


def test_without_faces_it_is_a_copy(pixels: Pixels) -> None:
    drawn = draw_faces(pixels, [])
    np.testing.assert_array_equal(drawn, pixels)
    assert not np.shares_memory(drawn, pixels)


def test_a_read_only_picture_can_be_drawn(pixels: Pixels) -> None:
    frozen = pixels.copy()
    frozen.flags.writeable = False
    assert draw_faces(frozen, [(found(60, 50, 80, 100), "Eileen", GREEN)]).shape == pixels.shape


def test_box_and_landmarks_are_where_the_face_is() -> None:
    face = found(100, 80, 60, 90)
    drawn = draw_faces(blank(300, 300), [(face, "", GREEN)])
    rows, columns = np.nonzero(is_color(drawn, GREEN))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (80, 170, 100, 160)
    assert not changed(drawn)[82:100, 102:158].any()  # nothing between the line and the eyes
    for x, y in np.round(face.landmarks.points).astype(int):
        assert is_color(drawn, GREEN)[y, x]


@pytest.mark.parametrize("side", [64, 250, 1280])
def test_lines_are_as_wide_as_the_picture_asks(side: int) -> None:
    drawn = draw_faces(blank(side, side), [(found(side / 4, side / 4, side / 2, side / 2), "", GREEN)])
    wide = is_color(drawn, GREEN)[round(side * 0.35), : side // 2].sum()
    assert wide == max(1, round(side / 250))


def test_a_large_picture_is_scaled_down_with_its_faces() -> None:
    large = found(1000, 1500, 800, 900)
    drawn = draw_faces(blank(3000, 4000), [(large, "", GREEN)])
    assert drawn.shape == (960, 1280, 3)
    rows, columns = np.nonzero(is_color(drawn, GREEN))
    box = np.array([rows.min(), rows.max(), columns.min(), columns.max()])
    assert np.abs(box - np.array([1500, 2400, 1000, 1800]) * 0.32).max() <= 1
    assert draw_faces(blank(300, 400), [], max_side=100).shape == (75, 100, 3)
    assert draw_faces(blank(1, 4000), []).shape == (1, 1280, 3)


@pytest.mark.parametrize(
    "face",
    [
        found(5, 2, 40, 40),
        found(170, 150, 60, 60),
        found(-30, -30, 60, 60),
        found(-10, -10, 230, 230),
        found(400, 400, 20, 20),
    ],
)
def test_the_label_stays_inside(face: DetectedFace) -> None:
    nameless = draw_faces(blank(200, 200), [(face, "", GREEN)])
    named = draw_faces(blank(200, 200), [(face, "Eileen", GREEN)])
    label = (named != nameless).any(axis=-1)
    assert label.sum() > 200  # all of it is visible: 12 pixel letters on a strip
    assert (named > 200).all(axis=-1).sum() > 20


def test_the_label_is_above_the_box_where_there_is_room() -> None:
    rows, columns = np.nonzero(
        changed(draw_faces(blank(300, 300), [(found(100, 120, 60, 90), "Eileen", GREEN)]))
    )
    assert rows.min() < 120
    assert columns.min() == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Eve", "Éva"),
        ("Ольга", "Игорь"),
        ("Ελένη", "Άννας"),
        ("מרים", "דויד"),
        ("გიო", "ანა"),
        ("Łucja", "Đorđe"),
    ],
)
def test_names_of_many_scripts_are_drawn_with_their_letters(one: str, other: str) -> None:
    # Letters that a font lacks are all drawn as the same empty box: these names would look the same.
    face = found(100, 120, 60, 90)
    drawn = [draw_faces(blank(300, 300), [(face, name, GREEN)])[:120] for name in (one, other)]
    assert (drawn[0] != drawn[1]).any()
    for picture in drawn:
        assert (picture > 200).all(axis=-1).sum() > 10


def test_any_other_name_is_drawn_somehow() -> None:
    for name in ("王小明", "🙂", "a\nb\tc", "\x00\x1b[31m", "\ud800", "e\u0301" * 9, " "):
        assert draw_faces(blank(100, 100), [(found(20, 40, 40, 40), name, GREEN)]).shape == (100, 100, 3)


def test_a_long_name_is_shortened_to_the_picture() -> None:
    drawn = draw_faces(blank(200, 200), [(found(50, 100, 60, 60), "Wilhelmina " * 20, GREEN)])
    strip = is_color(drawn, GREEN)[:99].any(axis=0)
    assert strip.sum() > 160  # of 200
    one_line = np.nonzero(is_color(drawn, GREEN)[:99].any(axis=1))[0]
    assert len(one_line) < 24


def test_letters_stand_out_from_their_strip() -> None:
    for color, letters in ((YELLOW, (0, 0, 0)), (RED, (255, 255, 255))):
        drawn = draw_faces(blank(300, 300), [(found(100, 120, 60, 90), "Eileen", color)])
        assert is_color(drawn, letters)[:120].any()


def test_labels_lie_over_all_boxes() -> None:
    first, second = found(100, 120, 60, 90), found(110, 60, 60, 90)
    drawn = draw_faces(blank(300, 300), [(first, "Eileen", GREEN), (second, "", RED)])
    alone = draw_faces(blank(300, 300), [(first, "Eileen", GREEN)])
    nameless = draw_faces(blank(300, 300), [(first, "", GREEN)])
    label = (alone != nameless).any(axis=-1)
    np.testing.assert_array_equal(drawn[label], alone[label])


def test_the_picture_itself_shows_outside_the_drawing(pixels: Pixels) -> None:
    drawn = draw_faces(pixels, [(found(60, 50, 80, 100), "Eileen", GREEN)])
    np.testing.assert_array_equal(drawn[160:], pixels[160:])
    assert Image.fromarray(drawn).size == (240, 200)
