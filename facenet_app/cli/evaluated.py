"""The result of an evaluation in lines for people; the report has the rest."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from facenet_app.cli.run import counted

if TYPE_CHECKING:
    from facenet_app.domain import Rate
    from facenet_app.evaluation.identified import IdentificationResult
    from facenet_app.evaluation.result import EvaluationResult, ModelResult
    from facenet_app.evaluation.verified import Accuracy, VerificationResult

__all__ = ["lines"]

FAILURES_SHOWN = 10


def lines(result: "EvaluationResult") -> Iterator[str]:
    """What was measured on, what came of it for each model, and which model is better."""
    data = result.dataset
    people = "" if data.people is None else f" of {counted(data.people, 'person', 'people')}"
    yield (
        f"{data.name}: {counted(data.pictures, 'picture', 'pictures')}{people}, {data.mated_pairs:,} mated "
        f"and {data.non_mated_pairs:,} non-mated pairs"
    )
    yield f"protocol: {data.protocol}"
    for model in result.models:
        yield ""
        yield from _model(model)
    for comparison in result.comparisons:
        yield ""
        yield comparison.verdict
    for warning in result.warnings:
        yield f"warning: {warning}"
    yield ""


def _model(model: "ModelResult") -> Iterator[str]:
    yield f"{model.model} with {model.detector} ({model.fingerprint})"
    pace = f", {model.embedded / model.seconds:.0f} a second" if model.embedded and model.seconds else ""
    yield f"  {model.embedded:,} embedded now{pace}, {model.cached:,} known before"
    yield f"  failures to acquire a face: {len(model.failures):,}"
    for failure in model.failures[:FAILURES_SHOWN]:
        yield f"    {failure.path} ({failure.code})"
    if len(model.failures) > FAILURES_SHOWN:
        yield f"    and {len(model.failures) - FAILURES_SHOWN:,} more, see the report"
    if model.verification is not None:
        yield from _verification(model.verification)
    if model.identification is not None:
        yield from _identification(model.identification)


def _verification(part: "VerificationResult") -> Iterator[str]:
    top = part.headline
    if top.accuracy is not None:
        yield _accuracy(top.accuracy)
    yield f"  threshold {top.threshold:.4f}: {top.threshold_from}"
    yield f"    FAR  {_rate(top.far)}"
    yield f"    FRR  {_rate(top.frr)}"
    if top.excluded_mated or top.excluded_non_mated:
        yield f"    FMR  {_rate(top.fmr)}"
        yield f"    FNMR {_rate(top.fnmr)}"
        yield (
            f"    FMR and FNMR leave out {top.excluded_mated:,} mated and {top.excluded_non_mated:,} "
            "non-mated pairs without two faces"
        )
    for row in part.rates:
        if row.threshold is None or row.fnmr is None:
            yield f"  at FMR {row.target_fmr:g}: {row.reason}"
        else:
            yield f"  at FMR {row.target_fmr:g} (threshold {row.threshold:.4f}): FNMR {_rate(row.fnmr)}"
    for table in part.subgroups:
        yield f"  {table.attribute}:"
        for group in table.rows:
            name = group.value if group.other is None else f"{group.value} with {group.other}"
            fmr, fnmr = (_rate(rate) if rate else "no pairs" for rate in (group.fmr, group.fnmr))
            yield f"    {name}: FMR {fmr}; FNMR {fnmr}"


def _accuracy(accuracy: "Accuracy") -> str:
    from facenet_app.evaluation.wording import percent, spread

    if accuracy.rate is not None:
        shown = _rate(accuracy.rate)
    elif accuracy.standard_error is not None:
        shown = f"{spread(accuracy.value, accuracy.standard_error)} (standard error)"
    else:
        shown = percent(accuracy.value)
    return f"  accuracy {shown}: {accuracy.threshold_from}"


def _identification(part: "IdentificationResult") -> Iterator[str]:
    yield (
        f"  {part.gallery_size:,} people enrolled with {part.samples:,} pictures; searches for "
        f"{part.mated_probes:,} pictures of them and {part.non_mated_probes:,} of others"
    )
    for each in part.strategies:
        yield f"  {each.strategy}: found first {_rate(each.rank_one)}"
        for row in each.open_set:
            cost = f"FNIR {_rate(row.fnir)}" if row.fnir else row.reason
            yield f"    at FPIR {row.target_fpir:g}: {cost}"


def _rate(rate: "Rate") -> str:
    from facenet_app.evaluation.wording import with_interval

    return with_interval(rate)
