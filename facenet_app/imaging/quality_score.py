"""One score of a face picture: the share of such pictures that are recognized.

A logistic regression that gives, of a face as poor as this one, the probability that it matches a
good picture of the same person at a false match rate of 1e-3. It was fitted on pictures of LFW's
``peopleDevTrain`` that were blurred, shrunk, darkened, overexposed or left alone, with weights of at
least 0 so that better never lowers the score, and checked on ``peopleDevTest``: docs/quality.md, whose
tables ``benchmarks/quality_score.py`` makes. There regression did better than any single measurement and
than the least of their percentiles.
"""

import math
from collections.abc import Mapping
from typing import Final

__all__ = ["CONSTANT", "TERMS", "lost", "probability", "terms"]

TERMS: Final[Mapping[str, float]] = {
    "sharpness": 2.352,
    "detector_score": 2.553,
    "exposure": 4.848,
    "pose": 1.901,
}
"""Weights of what :func:`terms` gives. The distance between the eyes has none: fitted with the others, it
came out as 0, since the detector's score and the sharpness fall with it."""
CONSTANT: Final = -11.990
"""The constant of the regression."""


def terms(sharpness: float, detector_score: float, exposure: float, pose: float) -> dict[str, float]:
    """The measurements as the regression sees them: more is better, flat where errors no longer change.

    Args:
        sharpness: see :mod:`.face_measures`.
        detector_score: 0 … 1, of YuNet. MTCNN gives most faces a score near 1, which says little here.
        exposure: the share of pixels that are not clipped, 0 … 1.
        pose: the foreshortening, 0 and up.
    """
    return {
        "sharpness": math.log(_within(sharpness, 2, 12)),
        "detector_score": -math.log(1 - _within(detector_score, 0.3, 0.94)),
        "exposure": _within(exposure, 0, 0.8),
        "pose": -_within(pose, 0.1, 0.7),
    }


def probability(values: Mapping[str, float]) -> float:
    """The score, 0 … 1, of what :func:`terms` gave."""
    total = CONSTANT + sum(weight * values[name] for name, weight in TERMS.items())
    return 1 / (1 + math.exp(-total))


def lost(values: Mapping[str, float]) -> dict[str, float]:
    """How much each term takes from the best possible sum, largest first: what to blame a low score on."""
    gaps = {name: weight * (_BEST[name] - values[name]) for name, weight in TERMS.items()}
    return dict(sorted(gaps.items(), key=lambda item: -item[1]))


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


_BEST: Final = terms(sharpness=100, detector_score=1, exposure=1, pose=0)
