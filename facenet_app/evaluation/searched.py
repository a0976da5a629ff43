"""An evaluation of identification (1:N): part of the people are enrolled, everybody is searched for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facenet_app.errors import UsageError
from facenet_app.evaluation.datasets import Data
from facenet_app.evaluation.embedded import EmbeddedPictures, embed_pictures
from facenet_app.evaluation.identification import Searches, SearchSplit, choose_enrolled, search
from facenet_app.evaluation.identified import IdentificationResult, OpenSetRow, StrategyResult
from facenet_app.evaluation.paired import compare_decisions
from facenet_app.evaluation.protocol import Contestant, ProgressOf, described, model_result, silent
from facenet_app.evaluation.result import Comparison, DataSet, EvaluationResult, ModelResult
from facenet_app.evaluation.templates import Strategy
from facenet_app.evaluation.versus import comparison

__all__ = ["evaluate_identification"]

TARGETS: Final = (1e-1, 1e-2, 1e-3)
"""False positive identification rates."""
COMPARED_AT: Final = 1e-2
"""The one at which models are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What one model came to, with the searches (centroid, the product's default) behind it."""

    result: ModelResult
    searches: Searches


def evaluate_identification(
    data: Data,
    contestants: Sequence[Contestant],
    gallery_size: int,
    settings: dict[str, Any],
    progress: ProgressOf = silent,
) -> EvaluationResult:
    """Enroll ``gallery_size`` people by lot and search for everybody, closed and open set.

    Args:
        data: labelled pictures; a list of pairs in it is not used.
        contestants: at least one model; all search the same gallery.
        gallery_size: how many people to enroll.
        settings: what the result shall say of how it was made; ``seed`` decides the lots.
        progress: as for :func:`.protocol.evaluate_verification`.

    Raises:
        NoFaceFound: a model found no face at all.
        UsageError: fewer than ``gallery_size`` people have two pictures.
    """
    split = choose_enrolled(data.person, gallery_size, seed=settings["seed"])
    runs = [_run(data, split, each, settings["seed"], progress) for each in contestants]
    return described(
        _dataset(data, split, gallery_size),
        tuple(run.result for run in runs),
        settings,
        comparisons=tuple(each for other in runs[1:] for each in _versus(runs[0], other)),
    )


def _run(data: Data, split: SearchSplit, contestant: Contestant, seed: int, progress: ProgressOf) -> Run:
    with progress(contestant.name) as report:
        embedded = embed_pictures(contestant.extractor, data.paths, contestant.cache, report)
    searches = {each: search(embedded.vectors, data.person, split, each) for each in Strategy}
    first = searches[Strategy.CENTROID]
    result = IdentificationResult(
        gallery_size=first.gallery_size,
        samples=split.samples.size,
        mated_probes=split.mated.size,
        non_mated_probes=split.non_mated.size,
        failed_samples=_failed(embedded, split.samples),
        failed_probes=_failed(embedded, split.mated) + _failed(embedded, split.non_mated),
        seed=seed,
        strategies=tuple(_strategy(name.value, each) for name, each in searches.items()),
    )
    return Run(model_result(data.root, embedded, identification=result), first)


def _failed(embedded: EmbeddedPictures, rows: NDArray[np.intp]) -> int:
    return int((~embedded.found[rows]).sum())


def _strategy(name: str, searches: Searches) -> StrategyResult:
    return StrategyResult(
        strategy=name,
        rank_one=searches.found_within(1),
        cmc=tuple(searches.cmc().tolist()),
        open_set=tuple(_row(searches, target) for target in TARGETS),
    )


def _row(searches: Searches, target: float) -> OpenSetRow:
    try:
        threshold = searches.threshold_at(target)
    except UsageError as error:
        return OpenSetRow(target, reason=error.message)
    return OpenSetRow(target, threshold, searches.fpir(threshold), searches.fnir(threshold))


def _dataset(data: Data, split: SearchSplit, gallery_size: int) -> DataSet:
    """Pairs are the comparisons of a search with all samples."""
    own = np.bincount(data.person[split.samples], minlength=int(data.person.max()) + 1)
    mated = int(own[data.person[split.mated]].sum())
    comparisons = (split.mated.size + split.non_mated.size) * split.samples.size
    return DataSet(
        name=data.name,
        kind=data.kind,
        protocol=f"{gallery_size:,} people enrolled by lot, everybody searched for",
        pictures=len(data.names),
        people=data.people,
        mated_pairs=mated,
        non_mated_pairs=comparisons - mated,
    )


def _versus(first: Run, other: Run) -> Iterator[Comparison]:
    """The false negative rates at the same false positive rate, if the data can tell it."""
    try:
        missed, baseline = (_missed(run.searches) for run in (first, other))
    except UsageError:
        return
    people = first.searches.mated_person
    test = compare_decisions(baseline, missed, (people, people))
    measure = f"false negative identification rate at a false positive one of {COMPARED_AT:g}"
    yield comparison((first.result.model, other.result.model), measure, test)


def _missed(searches: Searches) -> NDArray[np.bool_]:
    """Which mated searches do not name the right person at the threshold for ``COMPARED_AT``."""
    threshold = searches.threshold_at(COMPARED_AT)
    missed: NDArray[np.bool_] = (searches.rank > 1) | (searches.mate_distance > threshold)
    return missed
