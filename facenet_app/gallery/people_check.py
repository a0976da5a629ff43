"""``gallery check``, of people: who may be there twice, and which samples may be somebody else's.

Nothing here is known to be wrong: these are places to look at, so all of it is advice. Where to look is
decided by measured operating points alone: the strictest says who is almost certainly the same, the
loosest who can hardly be.
"""

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection, func, select

from facenet_app.comparison.distance import centroids, distances
from facenet_app.domain import Finding, OperatingPoint
from facenet_app.gallery.database import Database
from facenet_app.gallery.likeness import Likeness, Pair, close_pairs, likeness
from facenet_app.gallery.load import load_index
from facenet_app.gallery.part import Part
from facenet_app.gallery.schema import fresh_embeddings, samples

__all__ = ["MOST_COMPARISONS", "check_people"]

MOST_COMPARISONS: Final = 10_000_000_000
"""Samples times people that are compared: some minutes on two cores."""


def check_people(database: Database, points: Sequence[OperatingPoint], now: datetime) -> list[Finding]:
    """What somebody should look at; see :meth:`facenet_app.gallery.store.GalleryStore.check_people`.

    Codes: ``same_person``, ``like_other``, ``outlier``, ``low_quality``, ``one_sample``,
    ``unfinished_reembedding``, ``unmeasured``, ``not_compared``.
    """
    people = load_index(database, now).index.everybody()
    poor, waiting = database.read(lambda connection: (_poor(connection), _waiting(connection)))
    measured = sorted((each for each in points if each.target_fmr), key=lambda each: each.threshold)
    found: list[Finding] = []
    if people is not None and people.samples * people.people > MOST_COMPARISONS:
        found.append(_too_many(people))
    elif people is not None and measured:
        means = centroids(people.vectors, people.starts.astype(np.intp))
        pairs = close_pairs(means, measured[0].threshold)
        found += [*_same(people, pairs, measured[0]), *_misplaced(people, pairs, measured[-1])]
    elif people is not None:
        found.append(_unmeasured())
    if poor:
        found.append(_low_quality(poor))
    if people is not None and (alone := _alone(people)):
        found.append(_one_sample(alone))
    if waiting:
        found.append(_unfinished(waiting))
    return found


def _poor(connection: Connection) -> tuple[str, ...]:
    rows = connection.execute(select(samples.c.id, samples.c.reasons).order_by(samples.c.number))
    return tuple(row.id for row in rows if row.reasons)


def _waiting(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(fresh_embeddings)).scalar_one()


def _same(people: Part, pairs: Sequence[Pair], strictest: OperatingPoint) -> Iterator[Finding]:
    """People whose centroids are as near as only samples of one person are, almost."""
    compared = people.people * (people.people - 1) // 2
    for pair in pairs:
        names = people.names[pair.first], people.names[pair.second]
        chance = f"{_one_in(strictest)} is within {strictest.threshold:.3f}, and there are {compared:,} here"
        yield Finding(
            "same_person",
            f"{names[0]!r} and {names[1]!r} may be one person (distance {pair.distance:.3f}; of different "
            f"people {chance})",
            f"if they are, run `facenet-app gallery rename {_quoted(names[1])} {_quoted(names[0])} --merge`",
            _nearest_samples(people, pair),
            names,
        )


def _misplaced(people: Part, pairs: Sequence[Pair], loosest: OperatingPoint) -> Iterator[Finding]:
    """Samples that are nearer to another person, and those that are like nobody's."""
    like = likeness(people.vectors, people.starts)
    elsewhere = (like.other < like.own) & (like.other <= loosest.threshold) & np.isfinite(like.own)
    known = {(pair.first, pair.second) for pair in pairs}  # people who may be one: it was said of all samples
    for row in np.flatnonzero(elsewhere).tolist():
        whose, who = people.person_of(row), int(like.who[row])
        if (min(whose, who), max(whose, who)) not in known:
            yield _like_other(people, like, row)
    apart = np.isfinite(like.nearest_own) & (like.nearest_own > loosest.threshold) & ~elsewhere
    for row in np.flatnonzero(apart).tolist():
        name = people.names[people.person_of(row)]
        missed = f"; of one person {100 * loosest.fnmr.value:.2g} % of pairs are" if loosest.fnmr else ""
        yield Finding(
            "outlier",
            f"a sample of {name!r} is unlike all others of that person (nearest {like.nearest_own[row]:.3f}, "
            f"beyond {loosest.threshold:.3f}{missed})",
            f"look at it with `facenet-app gallery show {_quoted(name)}`",
            (people.sample_ids[row],),
            (name,),
        )


def _like_other(people: Part, like: Likeness, row: int) -> Finding:
    names = people.names[people.person_of(row)], people.names[int(like.who[row])]
    return Finding(
        "like_other",
        f"a sample of {names[0]!r} is nearer to {names[1]!r} ({like.other[row]:.3f}) than to the other "
        f"samples of that person ({like.own[row]:.3f})",
        f"look at it with `facenet-app gallery show {_quoted(names[0])}`, and enroll it for whom it shows",
        (people.sample_ids[row],),
        names,
    )


def _nearest_samples(people: Part, pair: Pair) -> tuple[str, str]:
    """Ids of the two samples of a pair of people that are most alike."""
    first, second = people.own(pair.first), people.own(pair.second)
    far = distances(people.vectors[first], people.vectors[second])
    row, other = divmod(int(far.argmin()), far.shape[1])
    return people.sample_ids[first.start + row], people.sample_ids[second.start + other]


def _unmeasured() -> Finding:
    return Finding(
        "unmeasured",
        "no threshold was measured for the gallery's model, so nobody looked for people who are there twice "
        "or for samples of somebody else",
        "measure one on your own pictures with `facenet-app calibrate`",
    )


def _too_many(people: Part) -> Finding:
    return Finding(
        "not_compared",
        f"{people.people:,} people with {people.samples:,} samples are too many to compare all with all, so "
        "nobody looked for people who are there twice or for samples of somebody else",
        "search for single people with `facenet-app identify` instead",
    )


def _low_quality(sample_ids: tuple[str, ...]) -> Finding:
    return Finding(
        "low_quality",
        f"{len(sample_ids)} samples were enrolled although they were too poor by the limits in force then",
        "enroll better pictures of these people",
        sample_ids,
    )


def _one_sample(sample_ids: tuple[str, ...]) -> Finding:
    return Finding(
        "one_sample",
        f"{len(sample_ids)} people have one sample; with several, fewer are missed",
        "enroll more pictures of them",
        sample_ids,
    )


def _unfinished(count: int) -> Finding:
    return Finding(
        "unfinished_reembedding",
        f"{count} embeddings by another model are kept for a re-embedding that was not finished",
        "finish it with `facenet-app gallery reembed`",
    )


def _alone(people: Part) -> tuple[str, ...]:
    """The only samples of people."""
    sizes = np.diff(people.starts, append=people.samples)
    return tuple(people.sample_ids[int(row)] for row in people.starts[sizes == 1])


def _one_in(point: OperatingPoint) -> str:
    assert point.target_fmr is not None
    return f"1 pair in {round(1 / point.target_fmr):,}"


def _quoted(name: str) -> str:
    return shlex.quote(name)
