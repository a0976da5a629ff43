"""The losses as their definitions say, pair by pair, on tensors that autograd follows."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from facenet_app.training.distance import Distance

Matrix = list[list[Tensor]]


def distance(a: Tensor, b: Tensor, kind: Distance) -> Tensor:
    if kind is Distance.COSINE:
        return 1 - (a / a.norm()) @ (b / b.norm())
    squared = ((a - b) ** 2).sum()
    if kind is Distance.SQUARED:
        return squared
    return squared.sqrt() if squared > 0 else squared * 0


def matrix(points: Tensor, kind: Distance) -> Matrix:
    return [[distance(a, b, kind) for b in points] for a in points]


def mated(labels: list[int]) -> Iterator[tuple[int, int]]:
    """Ordered pairs of images of one person who has company."""
    for a in range(len(labels)):
        for p in range(len(labels)):
            if a != p and labels[a] == labels[p] and negatives(a, labels):
                yield a, p


def negatives(a: int, labels: list[int]) -> list[int]:
    return [n for n in range(len(labels)) if labels[n] != labels[a]]


def mean(terms: list[Tensor], points: Tensor) -> Tensor:
    return torch.stack(terms).mean() if terms else points.sum() * 0


def semi_hard(points: Tensor, labels: list[int], kind: Distance, margin: float) -> Tensor:
    d = matrix(points, kind)
    terms = []
    for a, p in mated(labels):
        farther = [d[a][n] for n in negatives(a, labels) if d[a][n] > d[a][p]]
        negative = min(farther) if farther else max(d[a][n] for n in negatives(a, labels))
        terms.append((d[a][p] - negative + margin).clamp(min=0))
    return mean(terms, points)


def batch_all(points: Tensor, labels: list[int], kind: Distance, margin: float) -> Tensor:
    d = matrix(points, kind)
    every = [d[a][p] - d[a][n] + margin for a, p in mated(labels) for n in negatives(a, labels)]
    return mean([term for term in every if term > 0], points)


def hardest(points: Tensor, labels: list[int], kind: Distance) -> list[Tensor]:
    """Farthest positive less nearest negative, for each anchor that has both."""
    d = matrix(points, kind)
    return [
        max(d[a][p] for b, p in mated(labels) if a == b) - min(d[a][n] for n in negatives(a, labels))
        for a in sorted({a for a, _ in mated(labels)})
    ]


def batch_hard(points: Tensor, labels: list[int], kind: Distance, margin: float) -> Tensor:
    return mean([(each + margin).clamp(min=0) for each in hardest(points, labels, kind)], points)


def soft_margin(points: Tensor, labels: list[int], kind: Distance) -> Tensor:
    return mean([torch.log1p(each.exp()) for each in hardest(points, labels, kind)], points)


def contrastive(points: Tensor, labels: list[int], kind: Distance, margin: float) -> Tensor:
    terms = []
    for i in range(len(labels)):
        for j in range(i):
            d = distance(points[i], points[j], kind)
            y = labels[i] != labels[j]
            terms.append((1 - y) * d**2 / 2 + y * (margin - d).clamp(min=0) ** 2 / 2)
    return mean(terms, points)


def info_nce(points: Tensor, labels: list[int], kind: Distance, temperature: float) -> Tensor:
    d = matrix(points, kind)
    terms = []
    for a, p in mated(labels):
        scores = [-d[a][p] / temperature, *(-d[a][n] / temperature for n in negatives(a, labels))]
        terms.append(torch.stack(scores).logsumexp(0) - scores[0])
    return mean(terms, points)


def n_pair(points: Tensor, labels: list[int], kind: Distance, temperature: float) -> Tensor:
    rounds: dict[int, list[tuple[int, int]]] = {}
    for person in sorted(set(labels)):
        rows = [row for row, label in enumerate(labels) if label == person]
        for turn in range(len(rows) // 2):
            rounds.setdefault(turn, []).append((rows[2 * turn], rows[2 * turn + 1]))
    terms = []
    for pairs in rounds.values():
        for a, p in pairs:
            own = distance(points[a], points[p], kind)
            others = [distance(points[a], points[other], kind) for _, other in pairs if other != p]
            if others:
                total = sum(((own - other) / temperature).exp() for other in others)
                terms.append(torch.log1p(torch.as_tensor(total)))
    return mean(terms, points)


def slow_loss(name: str, kind: Distance) -> tuple[dict[str, float], Callable[[Tensor, list[int]], Tensor]]:
    """Settings that make the terms of random points differ, and the loss with them."""
    margin = {Distance.EUCLIDEAN: 1.0, Distance.SQUARED: 2.0, Distance.COSINE: 0.5}[kind]
    temperature = margin / math.e
    match name:
        case "triplet_semi_hard":
            return {"margin": margin}, lambda x, y: semi_hard(x, y, kind, margin)
        case "triplet_batch_all":
            return {"margin": margin}, lambda x, y: batch_all(x, y, kind, margin)
        case "triplet_batch_hard":
            return {"margin": margin}, lambda x, y: batch_hard(x, y, kind, margin)
        case "triplet_soft_margin":
            return {}, lambda x, y: soft_margin(x, y, kind)
        case "contrastive":
            return {"margin": 2 * margin}, lambda x, y: contrastive(x, y, kind, 2 * margin)
        case "info_nce":
            return {"temperature": temperature}, lambda x, y: info_nce(x, y, kind, temperature)
        case "n_pair":
            return {"temperature": temperature}, lambda x, y: n_pair(x, y, kind, temperature)
    raise AssertionError(name)
