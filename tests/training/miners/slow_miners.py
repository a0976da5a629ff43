"""What the miners choose, triplet by triplet."""

from collections.abc import Iterator

from facenet_app.training.distance import Distance

Triplet = tuple[int, int, int]
Points = list[tuple[int, int]]


def squared(a: tuple[int, int], b: tuple[int, int]) -> int:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def distance(a: tuple[int, int], b: tuple[int, int], kind: Distance) -> float:
    return squared(a, b) ** 0.5 if kind is Distance.EUCLIDEAN else squared(a, b)


def every(labels: list[int]) -> Iterator[Triplet]:
    people = range(len(labels))
    for a in people:
        for p in people:
            for n in people:
                if a != p and labels[a] == labels[p] != labels[n]:
                    yield a, p, n


def semi_hard_distance(near: float, negatives: list[float]) -> float:
    """How far the semi-hard negative of a positive is."""
    farther = [far for far in negatives if far > near]
    return min(farther) if farther else max(negatives)
