"""Pictures in memory, and parts of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.dataset.labelled import ArrayImages, in_memory, subset
from facenet_app.errors import UsageError

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), np.uint8)
IMAGES = ArrayImages(PIXELS, [0, 1, 0, 2, 2, 1], ["Ada", "Grace", "Rosa"], alignment="five-point-112")


@given(st.lists(st.integers(0, 5), min_size=1))
def test_rows(rows: list[int]) -> None:
    part = subset(IMAGES, rows)
    assert len(part) == len(rows)
    np.testing.assert_array_equal(part.pixels(range(len(rows))), PIXELS[rows])
    assert [part.people[label] for label in part.labels] == [IMAGES.people[IMAGES.labels[r]] for r in rows]
    assert set(part.labels.tolist()) == set(range(len(part.people)))
    assert (part.side, part.alignment) == (16, "five-point-112")
    assert part.fingerprint == subset(IMAGES, np.array(rows)).fingerprint
    assert part.fingerprint != IMAGES.fingerprint


def test_people() -> None:
    part = subset(IMAGES, people=["Rosa", "Ada"])
    assert part.people == ("Ada", "Rosa")
    assert part.labels.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(part.pixels([3, 0]), PIXELS[[4, 0]])
    again = subset(part, people={"Rosa"})
    np.testing.assert_array_equal(again.pixels([0, 1]), PIXELS[[3, 4]])
    kept = in_memory(again)
    np.testing.assert_array_equal(kept.pixels([1, 0]), PIXELS[[4, 3]])
    assert (kept.fingerprint, kept.people, kept.alignment) == (again.fingerprint, ("Rosa",), "five-point-112")


def test_fingerprints_are_of_all_that_matters() -> None:
    labels, people = IMAGES.labels, IMAGES.people
    brighter = PIXELS.copy()
    brighter[5, 15, 15, 2] ^= 1
    others = [
        ArrayImages(brighter, labels, people, alignment="five-point-112"),
        ArrayImages(PIXELS, labels[::-1], people, alignment="five-point-112"),
        ArrayImages(PIXELS, labels, people[::-1], alignment="five-point-112"),
        ArrayImages(PIXELS, labels, people),
        subset(IMAGES, [0, 1, 2, 3]),
        subset(IMAGES, [1, 0, 2, 3]),
    ]
    assert len({IMAGES.fingerprint, *(other.fingerprint for other in others)}) == 7
    same = ArrayImages(PIXELS.copy(), labels.tolist(), list(people), alignment="five-point-112")
    assert same.fingerprint == IMAGES.fingerprint


@pytest.mark.parametrize(
    ("pixels", "labels", "people", "words"),
    [
        (PIXELS.astype(np.float32), [0] * 6, ["Ada"], "pictures are uint8"),
        (PIXELS[:, :15], [0] * 6, ["Ada"], "pictures are uint8"),
        (PIXELS[0], [0] * 16, ["Ada"], "pictures are uint8"),
        (PIXELS, [0] * 5, ["Ada"], "have labels of shape"),
        (PIXELS, [0, 0, 0, 0, 0, 2], ["Ada", "Grace", "Rosa"], "not all of the rows"),
        (PIXELS, [0, 0, 0, 0, 0, 1], ["Ada"], "not all of the rows"),
        (PIXELS, [0, 0, 0, 0, 0, 1], ["Ada", "Ada"], "named twice"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    pixels: np.ndarray, labels: list[int], people: list[str], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        ArrayImages(pixels, labels, people)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "by rows or by people"),
        ({"indices": [0], "people": ["Ada"]}, "by rows or by people"),
        ({"indices": []}, "no picture"),
        ({"people": []}, "no picture"),
        ({"indices": [6]}, "not one of the 6"),
        ({"indices": [-1]}, "not one of the 6"),
        ({"people": ["Ada", "Hedy"]}, "1 of the 2 people of the list are not among"),
    ],
)
def test_parts_that_are_not_there_are_refused(how: dict[str, list[int]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        subset(IMAGES, **how)  # type: ignore[arg-type]
