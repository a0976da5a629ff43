"""A realistic result of an evaluation, from seeded distances; names that would like to be HTML."""

from dataclasses import replace

import numpy as np

from facenet_app.domain import OperatingPoint, Rate
from facenet_app.evaluation.breakdown import (
    ErrorVersusReject,
    QualityBin,
    QualityErrors,
    Subgroup,
    SubgroupTable,
)
from facenet_app.evaluation.curves import ErrorCurve, Histogram
from facenet_app.evaluation.identified import IdentificationResult, OpenSetRow, StrategyResult
from facenet_app.evaluation.interval import clopper_pearson
from facenet_app.evaluation.rates import PairDistances
from facenet_app.evaluation.result import Comparison, DataSet, EvaluationResult, Failure, ModelResult
from facenet_app.evaluation.verified import (
    Accuracy,
    Fold,
    Headline,
    PairExample,
    PointCheck,
    RateRow,
    VerificationResult,
)

MATED, NON_MATED = 3_000, 60_000
TARGETS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
HOSTILE = '<img src=x onerror="alert(1)">'
"""As the name of a person, which is a part of paths."""


def distances(seed: int, shift: float = 0.0) -> PairDistances:
    """Distances as of a good model: ``shift`` pushes mated pairs apart."""
    random = np.random.default_rng(seed)
    mated = np.clip(random.normal(0.78 + shift, 0.14, MATED), 0, 2)
    mated[:12] = random.uniform(1.1, 1.4, 12)
    return PairDistances(mated, np.clip(random.normal(1.37, 0.085, NON_MATED), 0, 2))


def rates_at(data: PairDistances, threshold: float) -> tuple[Rate, Rate]:
    """FMR and FNMR."""
    return (
        clopper_pearson(data.false_matches(threshold), data.non_mated.size),
        clopper_pearson(data.false_non_matches(threshold), data.mated.size),
    )


def rate_row(data: PairDistances, target: float) -> RateRow:
    if target * data.non_mated.size < 1:
        needed = f"needs at least {round(1 / target):,} non-mated pairs, you have {data.non_mated.size:,}"
        return RateRow(target, reason=f"insufficient data: {target:g} {needed}")
    threshold = data.threshold_at(target)
    return RateRow(target, threshold, *rates_at(data, threshold))


def headline(data: PairDistances) -> Headline:
    threshold = data.threshold_at(1e-3)
    fmr, fnmr = rates_at(data, threshold)
    return Headline(
        threshold=threshold,
        threshold_from="operating point of the model for FMR 1e-3",
        far=clopper_pearson(fmr.errors, fmr.trials + 40),
        frr=clopper_pearson(fnmr.errors + 2, fnmr.trials + 2),
        fmr=fmr,
        fnmr=fnmr,
        excluded_mated=2,
        excluded_non_mated=40,
        accuracy=Accuracy(
            value=0.994,
            standard_error=0.0012,
            rate=None,
            threshold_from="threshold chosen on nine folds, tested on the tenth",
            folds=tuple(Fold(n, 1.13 + 0.002 * (n % 3), 596 + n % 3, 600) for n in range(1, 11)),
        ),
    )


def check(data: PairDistances, target: float, threshold: float) -> PointCheck:
    fmr, fnmr = rates_at(data, threshold)
    point = OperatingPoint(
        threshold, "sface-test", target, fmr, fnmr, dataset="LFW", measured_on="2026-11-01"
    )
    return PointCheck(point, fmr, fnmr)


def verification(seed: int = 1, shift: float = 0.0, person: str = HOSTILE) -> VerificationResult:
    """Everything that a run over labelled folders with attributes gives."""
    data = distances(seed, shift)
    edges = np.linspace(0, 2, 101)
    grid = np.linspace(0.3, 1.8, 600)
    top = headline(data)
    groups = [(f"{low}–{low + 19}", 40 + 3 * low) for low in (0, 20, 40, 60)]
    trials = 700
    rejected = np.linspace(0, 0.5, 26)
    first = top.fnmr.value
    return VerificationResult(
        headline=top,
        rates=tuple(rate_row(data, target) for target in TARGETS),
        points=(
            check(data, 1e-2, 1.19),
            check(data, 1e-3, 1.131),
            check(data, 1e-4, 1.082),
            check(data, 1e-5, 1.035),
        ),
        eer=data.eer(),
        auc=data.auc(),
        curve=ErrorCurve(
            grid,
            np.array([data.fmr(t) for t in grid]),
            np.array([data.fnmr(t) for t in grid]),
            MATED,
            NON_MATED,
        ),
        histogram=Histogram(
            edges, np.histogram(data.mated, edges)[0], np.histogram(data.non_mated, edges)[0]
        ),
        worst_mated=tuple(
            PairExample(f"{person}/{n:04d}.jpg", "Grace_Hopper/0001.jpg", 1.38 - 0.05 * n, mated=True)
            for n in range(7)
        ),
        nearest_non_mated=tuple(
            PairExample("Eileen_Collins/0001.jpg", f"Grace_Hopper/{n:04d}.jpg", 1.0 + 0.04 * n, mated=False)
            for n in range(7)
        ),
        subgroups=(
            SubgroupTable(
                "age",
                top.threshold,
                (
                    *(
                        Subgroup(
                            name,
                            None,
                            n,
                            clopper_pearson(n // 40, 8_000),
                            clopper_pearson(n // 20, trials),
                        )
                        for name, n in groups
                    ),
                    Subgroup("0–19", "60–79", 260, clopper_pearson(0, 2_400), None),
                ),
                unlabelled=31,
            ),
        ),
        quality=(
            QualityErrors(
                "eye_distance",
                "distance between the eyes",
                "px",
                top.threshold,
                tuple(
                    QualityBin(
                        low, high, clopper_pearson(n, 12_000), clopper_pearson(n * 2, 600) if n else None
                    )
                    for low, high, n in ((12, 30, 18), (30, 40, 12), (40, 44, 6), (44, 60, 0))
                ),
            ),
        ),
        rejects=tuple(
            ErrorVersusReject(
                name,
                name.replace("_", " "),
                top.threshold,
                rejected,
                first * (1 - worth * rejected),
                np.maximum(0, first - rejected) / (1 - rejected),
            )
            for name, worth in (("sharpness", 0.9), ("eye_distance", 0.4), ("detector_score", 1.4))
        ),
    )


def identification() -> IdentificationResult:
    """Three strategies in a gallery of 1,000, too few strangers for FPIR 1e-3."""
    return IdentificationResult(
        gallery_size=1_000,
        samples=2_310,
        mated_probes=1_800,
        non_mated_probes=900,
        failed_samples=1,
        failed_probes=3,
        seed=7,
        strategies=tuple(
            StrategyResult(
                name,
                clopper_pearson(hits, 1_800),
                tuple(min(1.0, hits / 1_800 + 0.004 * np.log(rank)) for rank in range(1, 21)),
                (
                    OpenSetRow(1e-1, 1.09, clopper_pearson(90, 900), clopper_pearson(1_840 - hits, 1_800)),
                    OpenSetRow(1e-2, 1.02, clopper_pearson(9, 900), clopper_pearson(1_900 - hits, 1_800)),
                    OpenSetRow(
                        1e-3,
                        reason="insufficient data: 0.001 needs at least 1,000 strangers, you have 900",
                    ),
                ),
            )
            for name, hits in (("minimum", 1_752), ("mean of top 3", 1_764), ("centroid", 1_770))
        ),
    )


def model_result(name: str, **parts: object) -> ModelResult:
    failures = (
        Failure(f"{HOSTILE}/0002.jpg", "no_face", "no face was found; give a picture that shows one."),
        Failure("Ada_Lovelace/0001.jpg", "truncated_image", "the file ends early; copy it again."),
    )
    plain = ModelResult(name, f"{name}:sha256:abcd1234:aligned112", "yunet", failures, 4_210, 3_491, 61.23)
    return replace(plain, **parts)


def verified_result(**changes: object) -> EvaluationResult:
    result = EvaluationResult(
        dataset=DataSet("people/", "folders", "All pairs of labelled folders.", 7_701, 4_281, 3_002, 60_040),
        models=(model_result("sface", verification=verification()),),
        measured_on="2026-11-21",
        version="0.1.0",
        warnings=("12 pairs were listed twice and counted once.",),
        settings={"mirror": False, "seed": 7},
    )
    return replace(result, **changes)


def compared_result() -> EvaluationResult:
    """Two models on the same pairs, the second one worse."""
    return verified_result(
        models=(
            model_result("sface", verification=verification()),
            model_result("$inception$ & co", verification=verification(2, 0.1)),
        ),
        comparisons=(
            Comparison(
                "sface",
                "$inception$ & co",
                "FNMR at FMR 1e-3",
                0.031,
                0.024,
                0.038,
                0.95,
                0.0005,
                "sface is better than $inception$ & co: FNMR at FMR 1e-3, $inception$ & co minus sface: "
                "+3.100 percentage points (95 % interval +2.400 to +3.800, p = 0.0005).",
            ),
        ),
    )


def identified_result() -> EvaluationResult:
    return verified_result(models=(model_result("sface", identification=identification()),))
