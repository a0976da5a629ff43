"""Operating points from labelled embeddings: thresholds chosen on some people, measured on others.

The people are split into two halves. Each threshold is chosen on all pairs of the first half and its
error rates are counted on all pairs of the second, so nobody had a part in both, and the rates are
those that the threshold has for people it was not chosen on. The intervals come from resampling the
people of the second half. Done the other way round as well, it shows how much depends on who was
chosen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import OperatingPoint
from facenet_app.errors import InvalidThreshold, UsageError
from facenet_app.evaluation import bootstrap
from facenet_app.evaluation.halves import Halves
from facenet_app.evaluation.resampling import Resampling

__all__ = ["RATES", "Calibration", "Provenance", "calibrate", "supported"]

RATES: Final = (1e-2, 1e-3, 1e-4, 1e-5)
"""The false match rates that are measured if nobody asks for others."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where embeddings come from: what an operating point says of itself."""

    fingerprint: str
    detector: str
    dataset: str
    measured_on: str = ""
    """ISO 8601 date; today if empty."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``points`` are to be used; ``swapped`` are those of the halves the other way round."""

    points: tuple[OperatingPoint, ...]
    swapped: tuple[OperatingPoint, ...]


def calibrate(
    vectors: NDArray[np.float32],
    identities: NDArray[np.integer],
    rates: Sequence[float],
    provenance: Provenance,
    *,
    seed: int = 0,
) -> Calibration:
    """Measure an operating point for each rate, the strictest first.

    Args:
        vectors: float32 (N, D) unit vectors; leave out pictures without a face.
        identities: int (N,), equal for pictures of the same person.
        rates: target false match rates, 0 … 1; none for those of ``RATES`` that the data support.
        provenance: what the points shall say of themselves.
        seed: of all that is drawn by lot; the same seed gives the same points.

    Raises:
        UsageError: a rate needs more pairs than there are, or a half has no mated pair.
        InvalidThreshold: a rate is not between 0 and 1.
    """
    for rate in rates:
        if not 0 < rate < 1:
            raise InvalidThreshold(
                f"a false match rate is between 0 and 1, not {rate:g}", "give one such as 1e-3"
            )
    asked = sorted(set(rates) or RATES)
    # Twice the highest rate: a threshold may give the other half's people a higher one.
    halves = Halves.of(vectors, identities, max_fmr=min(2 * asked[-1], 1), seed=seed)
    if not rates:
        asked = supported(asked, halves.fewest_non_mated) or asked[-1:]
    _refuse_unsupported(asked[0], halves.fewest_non_mated)
    return Calibration(
        points=tuple(_point(halves, rate, provenance, seed) for rate in asked),
        swapped=tuple(_point(halves.swapped, rate, provenance, seed) for rate in asked),
    )


def supported(rates: Iterable[float], non_mated_pairs: int) -> list[float]:
    """Those of the rates that this many non-mated pairs can tell from 0."""
    return [rate for rate in rates if rate * non_mated_pairs >= 1 - 1e-9]


def _refuse_unsupported(rate: float, pairs: int) -> None:
    if supported([rate], pairs):
        return
    raise UsageError(
        f"insufficient data: {rate:g} needs at least {ceil(1 / rate - 1e-9):,} non-mated pairs in each half "
        f"of the people, you have {pairs:,}",
        # Half of P pictures make about (P / 2)² / 2 pairs.
        f"add pictures of more people, about {ceil(sqrt(8 / rate)):,} in all, or ask for a higher rate",
    )


def _point(halves: Halves, fmr: float, provenance: Provenance, seed: int) -> OperatingPoint:
    """Threshold from the first half, rounded to 1e-4; rates at that very threshold from the second."""
    chosen_on, measured_on = halves.pairs
    threshold = round(chosen_on.distances().threshold_at(fmr), 4)
    people = Resampling(seed=seed)
    return OperatingPoint(
        threshold=threshold,
        fingerprint=provenance.fingerprint,
        target_fmr=fmr,
        fmr=bootstrap.fmr(measured_on, threshold, people),
        fnmr=bootstrap.fnmr(measured_on, threshold, people),
        dataset=provenance.dataset,
        protocol=f"all pairs of pictures, at most {halves.most} of a person; threshold chosen on one half of "
        "the people, errors counted on the other",
        detector=provenance.detector,
        measured_on=provenance.measured_on or datetime.now(UTC).date().isoformat(),
        people=measured_on.people,
        pictures=halves.pictures[1],
    )
