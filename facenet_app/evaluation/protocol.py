"""An evaluation from pictures to result: embed, compare, count; once for each model."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from facenet_app import __version__
from facenet_app.evaluation.cache import EmbeddingCache
from facenet_app.evaluation.compared import AllPairs, Compared, ListedPairs
from facenet_app.evaluation.datasets import Data
from facenet_app.evaluation.embedded import EmbeddedPictures, Progress, embed_pictures
from facenet_app.evaluation.folds import Decided, cross_validated, trained_and_tested
from facenet_app.evaluation.measured import Decision, Pictures, verification
from facenet_app.evaluation.result import Comparison, DataSet, EvaluationResult, Failure, ModelResult
from facenet_app.evaluation.versus import better_accuracy, better_rate
from facenet_app.extraction import FaceExtractor

__all__ = ["Contestant", "ProgressOf", "described", "evaluate_verification", "model_result", "silent"]

ProgressOf = Callable[[str], AbstractContextManager[Progress | None]]
"""Given a model's name: a context that shows how far the embedding is, and what to call in it."""


def silent(_: str) -> AbstractContextManager[None]:
    """Nobody is told of progress."""
    return nullcontext()


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A model to be measured: how pictures become embeddings, and how its user would decide."""

    extractor: FaceExtractor
    decision: Decision
    cache: EmbeddingCache | None = None

    @property
    def name(self) -> str:
        return self.extractor.model


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What one model came to, with the pairs behind it."""

    contestant: Contestant
    compared: Compared
    decided: Decided | None
    result: ModelResult


def evaluate_verification(
    data: Data,
    contestants: Sequence[Contestant],
    settings: dict[str, Any],
    progress: ProgressOf = silent,
) -> EvaluationResult:
    """Measure models on the pairs of a data set; the first one is compared with each of the others.

    Args:
        data: the pictures and their pairs.
        contestants: at least one model.
        settings: what the result shall say of how it was made: plain values.
        progress: who is told how far the embedding is.

    Raises:
        NoFaceFound: a model found no face at all.
        UsageError: the data cannot support what is asked for.
    """
    runs = [_run(data, contestant, progress) for contestant in contestants]
    system = runs[0].compared.system
    dataset = DataSet(
        name=data.name,
        kind=data.kind,
        protocol=data.protocol,
        pictures=len(data.names),
        people=data.people,
        mated_pairs=system.mated.size,
        non_mated_pairs=system.non_mated_pairs,
    )
    return described(
        dataset,
        tuple(run.result for run in runs),
        settings,
        comparisons=tuple(each for other in runs[1:] for each in _versus(data, runs[0], other)),
        warnings=tuple(_warnings(data, runs)),
    )


def described(
    dataset: DataSet,
    models: tuple[ModelResult, ...],
    settings: dict[str, Any],
    comparisons: tuple[Comparison, ...] = (),
    warnings: tuple[str, ...] = (),
) -> EvaluationResult:
    """The result with today's date and this version."""
    return EvaluationResult(
        dataset=dataset,
        models=models,
        measured_on=datetime.now(UTC).date().isoformat(),
        version=__version__,
        comparisons=comparisons,
        warnings=warnings,
        settings=settings,
    )


def _run(data: Data, contestant: Contestant, progress: ProgressOf) -> Run:
    with progress(contestant.name) as report:
        embedded = embed_pictures(contestant.extractor, data.paths, contestant.cache, report)
    decided = None
    compared: Compared
    if data.listed is None:
        compared = AllPairs.of(embedded.vectors, data.person, embedded.found)
    else:
        trained = data.kind == "lfw-view1"
        use = data.listed.fold == 1 if trained else np.ones(len(data.listed), np.bool_)
        compared = listed = ListedPairs.of(data.listed, embedded.vectors, use)
        if trained:
            decided = trained_and_tested(data.listed, listed.distances)
        elif np.unique(data.listed.fold).size > 1:
            decided = cross_validated(data.listed, listed.distances)
    result = verification(
        compared,
        Pictures(data.names, embedded.measures, data.attributes),
        contestant.decision,
        decided.accuracy if decided else None,
    )
    return Run(contestant, compared, decided, model_result(data.root, embedded, verification=result))


def model_result(root: Path, embedded: EmbeddedPictures, **parts: Any) -> ModelResult:
    """The result of a model with its failures to acquire, named relative to ``root``."""
    return ModelResult(
        model=embedded.model,
        fingerprint=embedded.fingerprint,
        detector=embedded.detector,
        failures=tuple(
            Failure(Path(failure.path).relative_to(root).as_posix(), failure.code, failure.message)
            for failure in embedded.failures
        ),
        embedded=embedded.embedded,
        cached=embedded.cached,
        seconds=embedded.seconds,
        **parts,
    )


def _versus(data: Data, first: Run, other: Run) -> Iterator[Comparison]:
    names = first.contestant.name, other.contestant.name
    if data.listed is not None and first.decided is not None and other.decided is not None:
        yield better_accuracy(names, first.decided, other.decided, data.listed)
    yield from better_rate(names, first.compared, other.compared, first.contestant.decision.fmr)


def _warnings(data: Data, runs: Sequence[Run]) -> Iterator[str]:
    if data.people is None:
        yield (
            "The list does not say who is who: pictures that mated pairs link are taken for one person, "
            "and the intervals are somewhat too narrow if people have other pictures, too."
        )
    for run in runs:
        point = run.contestant.decision.point
        if point is not None and point.detector not in ("", run.result.detector):
            yield (
                f"The threshold of {run.contestant.name} was measured with the detector {point.detector}, "
                f"not with {run.result.detector}."
            )
