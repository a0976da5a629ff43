"""Searches (1:N) in a gallery of part of the people: who is found, and which strangers get a name.

FNIR and FPIR as in ISO/IEC 19795-1 and NIST's FRTE. A search of somebody enrolled (a mated search)
fails if the right person is not the nearest, or is farther than the threshold. A search of somebody
not enrolled (a non-mated search) is a false positive if anybody is at or under the threshold. How FPIR
follows from FMR, and under which assumption, says :mod:`facenet_app.comparison.search_threshold`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facenet_app.domain import Rate
from facenet_app.errors import UsageError
from facenet_app.evaluation.bootstrap import DEFAULT, clustered_rate
from facenet_app.evaluation.rates import highest_threshold
from facenet_app.evaluation.resampling import Resampling
from facenet_app.evaluation.templates import Strategy, person_distances

__all__ = ["SearchSplit", "Searches", "choose_enrolled", "search"]

Table = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""Rows of the vectors in, their distances to all people out."""
BLOCK: Final = 512
"""Probes compared at once."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchSplit:
    """Which rows play which part, int each: enrolled ``samples``, and the probes of either kind."""

    samples: NDArray[np.intp]
    mated: NDArray[np.intp]
    non_mated: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What came of the searches in a gallery of ``gallery_size`` people.

    Attributes:
        gallery_size: how many people are enrolled.
        mate_distance: float64 (Q,), of each mated search the distance of the right person; infinite
            if the probe or all of the person's samples have no face.
        rank: int (Q,), the right person's place among all, from 1; people at the same distance come
            first. ``gallery_size + 1`` if the distance is infinite.
        mated_person: int (Q,), who was searched for.
        nearest: float64 (R,), of each non-mated search the distance of the nearest person; infinite if
            the probe has no face.
        non_mated_person: int (R,), who that was a search of.
    """

    gallery_size: int
    mate_distance: NDArray[np.float64]
    rank: NDArray[np.intp]
    mated_person: NDArray[np.intp]
    nearest: NDArray[np.float64]
    non_mated_person: NDArray[np.intp]

    def cmc(self, ranks: int = 20) -> NDArray[np.float64]:
        """Cumulative match characteristic: the share found among the first 1, 2 … people, (ranks,).

        It ends with the size of the gallery.
        """
        places = np.arange(1, min(ranks, self.gallery_size) + 1)
        return np.searchsorted(np.sort(self.rank), places, side="right") / self.rank.size

    def found_within(self, rank: int, resampling: Resampling = DEFAULT) -> Rate:
        """The share of mated searches that have the right person among the first ``rank``.

        ``errors`` of this rate are those found. The interval resamples people.
        """
        return clustered_rate(self.rank <= rank, self.mated_person, resampling)

    def threshold_at(self, fpir: float) -> float:
        """A threshold whose FPIR is the highest one not above ``fpir``, as high as can be.

        Raises:
            UsageError: fewer than ``1 / fpir`` non-mated searches.
        """
        # 1e-9: 300 searches times 1e-2 must allow 3, whatever the product is in binary.
        allowed = int(fpir * self.nearest.size + 1e-9)
        if allowed < 1:
            raise UsageError(
                f"insufficient data: a false positive identification rate of {fpir:g} needs at least "
                f"{int(np.ceil(1 / fpir - 1e-9)):,} searches of people who are not enrolled, "
                f"and there are {self.nearest.size:,}",
                "ask for a higher rate, enroll fewer people or add pictures of others",
            )
        # A probe without a face never passes, so no threshold needs to be above the farthest other.
        known = np.sort(self.nearest[np.isfinite(self.nearest)])
        return highest_threshold(known, allowed) if known.size else 2.0

    def fpir(self, threshold: float, resampling: Resampling = DEFAULT) -> Rate:
        """The share of non-mated searches that give somebody's name.

        The interval resamples the people who are not enrolled; the gallery stays.
        """
        return clustered_rate(self.nearest <= threshold, self.non_mated_person, resampling)

    def fnir(self, threshold: float, resampling: Resampling = DEFAULT) -> Rate:
        """The share of mated searches whose right person is not the nearest, or above the threshold."""
        found = (self.rank == 1) & (self.mate_distance <= threshold)
        return clustered_rate(~found, self.mated_person, resampling)


def choose_enrolled(
    identities: ArrayLike, gallery_size: int, *, samples: int = 3, seed: int = 0
) -> SearchSplit:
    """Who is enrolled, with which pictures, by lot.

    Of every enrolled person up to ``samples`` pictures are enrolled and at least one is kept as a
    probe; so people are chosen among those who have two. All pictures of all others are probes of
    people who are not enrolled.

    Args:
        identities: int (N,), equal for pictures of the same person.
        gallery_size: how many people to enroll, at least 1.
        samples: the most pictures enrolled of one person, at least 1.
        seed: of the lots.

    Raises:
        UsageError: fewer than ``gallery_size`` people have two pictures.
    """
    _, person, pictures = np.unique(np.asarray(identities), return_inverse=True, return_counts=True)
    eligible = np.flatnonzero(pictures >= 2)
    if not 1 <= gallery_size <= eligible.size:
        raise UsageError(
            f"insufficient data: a gallery of {gallery_size:,} people needs as many people with at least "
            f"two pictures, and there are {eligible.size:,}",
            f"choose a gallery of 1 to {eligible.size:,} people" if eligible.size else "add pictures",
        )
    random = np.random.default_rng(seed)
    enrolled = np.isin(person, random.permutation(eligible)[:gallery_size])
    # Each person's pictures in random order, one person after another.
    shuffled = random.permutation(person.size)
    order = shuffled[np.argsort(person[shuffled], kind="stable")]
    place = np.arange(person.size) - np.repeat(np.cumsum(pictures) - pictures, pictures)
    is_sample = np.empty(person.size, np.bool_)
    is_sample[order] = place < np.minimum(samples, pictures - 1)[person[order]]
    return SearchSplit(
        samples=np.flatnonzero(enrolled & is_sample),
        mated=np.flatnonzero(enrolled & ~is_sample),
        non_mated=np.flatnonzero(~enrolled),
    )


def search(
    vectors: NDArray[np.float32],
    identities: ArrayLike,
    split: SearchSplit,
    strategy: Strategy = Strategy.MINIMUM,
    *,
    nearest: int = 2,
) -> Searches:
    """Search every probe among the enrolled people.

    Args:
        vectors: float32 (N, D), unit vectors; NaN rows have no face. Such a sample is not enrolled,
            and a search with such a probe, or of a person without any sample, finds nobody.
        identities: int (N,).
        split: who is enrolled and who is searched for.
        strategy: how a probe is compared with a person of several samples.
        nearest: how many samples the mean of the nearest takes.

    Raises:
        ValueError: a mated probe is of nobody enrolled, or a non-mated one of somebody enrolled.
    """
    _, person = np.unique(np.asarray(identities), return_inverse=True)
    people, place = np.unique(person[split.samples], return_inverse=True)
    if not np.isin(person[split.mated], people).all() or np.isin(person[split.non_mated], people).any():
        raise ValueError("the probes are not of the people that the split says")
    has_face = np.asarray(np.isfinite(vectors).all(axis=1))
    order = np.argsort(place, kind="stable")
    order = order[has_face[split.samples[order]]]
    known, column = np.unique(place[order], return_inverse=True)
    samples = vectors[split.samples[order]]

    def table(rows: NDArray[np.intp]) -> NDArray[np.float32]:
        result = np.full((rows.size, people.size), np.inf, np.float32)
        found = np.flatnonzero(has_face[rows])
        if found.size and known.size:
            compared = person_distances(vectors[rows[found]], samples, column, strategy, nearest)
            result[np.ix_(found, known)] = compared
        return result

    mate = np.searchsorted(people, person[split.mated])
    mate_distance, rank = _of_mates(table, split.mated, mate)
    return Searches(
        gallery_size=people.size,
        mate_distance=mate_distance,
        rank=np.where(np.isfinite(mate_distance), rank, people.size + 1),
        mated_person=person[split.mated],
        nearest=_of_nearest(table, split.non_mated),
        non_mated_person=person[split.non_mated],
    )


def _of_mates(
    table: Table, rows: NDArray[np.intp], mate: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Distance and rank of the right person in each search."""
    distance, rank = np.empty(rows.size), np.empty(rows.size, np.intp)
    for start in range(0, rows.size, BLOCK):
        part = slice(start, start + BLOCK)
        everybody = table(rows[part])
        own = np.take_along_axis(everybody, mate[part, None], axis=1)
        distance[part] = own[:, 0]
        rank[part] = (everybody <= own).sum(axis=1)
    return distance, rank


def _of_nearest(table: Table, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Distance of the nearest person in each search."""
    nearest = np.empty(rows.size)
    for start in range(0, rows.size, BLOCK):
        part = slice(start, start + BLOCK)
        nearest[part] = table(rows[part]).min(axis=1)
    return nearest
