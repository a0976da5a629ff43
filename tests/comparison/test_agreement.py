"""Pictures of one person that agree, against a slow loop and by example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facenet_app.comparison.agreement import agreeing, any_within, nearest


def on_circle(*degrees: float) -> NDArray[np.float32]:
    """Unit vectors at these angles; 10 degrees apart is a distance of 0.174."""
    angles = np.radians(np.array(degrees, np.float64))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32).reshape(-1, 2)


NOBODY = on_circle()
REACH = 0.2


def slowly(new: NDArray[np.float32], own: NDArray[np.float32]) -> list[bool]:
    """By following links one after another."""

    def group(members: set[int]) -> set[int]:
        while True:
            more = {
                i
                for i in range(len(new))
                for j in members
                if i not in members and np.linalg.norm(new[i] - new[j]) <= REACH
            }
            if not more:
                return members
            members = members | more

    if len(own):
        first = {i for i in range(len(new)) if any(np.linalg.norm(new[i] - o) <= REACH for o in own)}
        best = group(first)
    else:
        best = max((group({i}) for i in range(len(new))), key=len, default=set())
    return [i in best for i in range(len(new))]


# Multiples of 7 degrees: no distance is at the reach itself, where rounding would decide.
ANGLES = st.lists(st.integers(0, 51).map(lambda number: 7.0 * number), max_size=12)


@given(new=ANGLES, own=ANGLES)
def test_like_the_slow_loop(new: list[float], own: list[float]) -> None:
    first, second = on_circle(*new), on_circle(*own)
    assert agreeing(first, second, REACH).tolist() == slowly(first, second)


@given(new=ANGLES, own=ANGLES)
def test_the_nearest_like_the_slow_loop(new: list[float], own: list[float]) -> None:
    first, second = on_circle(*new), on_circle(*own)
    expected = [min((float(np.linalg.norm(n - o)) for o in second), default=np.inf) for n in first]
    assert nearest(first, second).tolist() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("new", "own", "expected"),
    [
        ([], [], []),
        ([5], [], [True]),
        ([0, 90], [], [True, False]),
        ([90, 0, 1], [], [False, True, True]),
        ([0, 9, 18, 27], [0], [True] * 4),
        ([27, 18, 9], [0], [True] * 3),
        ([90, 91, 92], [0], [False] * 3),
        ([90, 5], [0, 88], [True, True]),
    ],
)
def test_examples(new: list[float], own: list[float], expected: list[bool]) -> None:
    """A wrong picture that comes first does not make the right ones wrong; chains count."""
    assert agreeing(on_circle(*new), on_circle(*own), REACH).tolist() == expected


@given(faces=ANGLES, people=st.lists(ANGLES.filter(bool), min_size=1, max_size=4))
def test_whether_anybody_is_near(faces: list[float], people: list[list[float]]) -> None:
    """A sample or the mean of a person, by a slow loop; where rounding decides, either is right."""
    least = 2.0
    for probe in on_circle(*faces):
        for own in people:
            vectors = on_circle(*own)
            mean = vectors.astype(np.float64).sum(axis=0)
            length = np.linalg.norm(mean)
            means = [mean / length] if length > 1e-3 else []
            least = min(least, *(float(np.linalg.norm(probe - each)) for each in (*vectors, *means)))
    starts = np.cumsum([0, *map(len, people)][:-1])
    found = any_within(on_circle(*faces), on_circle(*(a for own in people for a in own)), starts, REACH)
    if abs(least - REACH) > 0.002:
        assert found == (least <= REACH and bool(faces))
