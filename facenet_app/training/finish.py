"""The end of a run: its best weights measured once more, thresholds, manifest, card and report."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file

from facenet_app.dataset.labelled import LabelledImages
from facenet_app.domain import OperatingPoint
from facenet_app.errors import UsageError
from facenet_app.training.card import Origin
from facenet_app.training.checkpoint import restore_weights
from facenet_app.training.held_out import Measurement
from facenet_app.training.loop import Loop
from facenet_app.training.made_model import FOLDER, describe, write_model
from facenet_app.training.metrics import read_metrics
from facenet_app.training.report import HeldOutVectors, write_report
from facenet_app.training.state import RunState
from facenet_app.weights.manifest import Manifest

__all__ = ["START", "TrainingResult", "finished"]

START: Final = "start.safetensors"
"""Vectors of the held-out pictures before the first batch, for the report."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of a run.

    Attributes:
        run: the folder with everything.
        epochs: that were learned, fewer than asked for if patience ended it.
        start: the held-out people, measured before it; None if there are none.
        best: measured at the end of ``best_epoch`` (from 1), of which the weights are.
        weights: safetensors.
        report: the page; None if ``config.report`` is off.
        model: the manifest beside the weights; None if the program cannot use them by name.

    In processes that do not lead, all after ``epochs`` are None or 0.
    """

    run: Path
    epochs: int
    start: Measurement | None = None
    best: Measurement | None = None
    best_epoch: int = 0
    weights: Path | None = None
    report: Path | None = None
    model: Manifest | None = None


def finished(
    run: Path, loop: Loop, state: RunState, held_out: LabelledImages | None, origin: Origin
) -> TrainingResult:
    """Give the model its best weights, and write what a run leaves; to be called by all processes."""
    if not loop.world.leads or state.weights is None:
        return TrainingResult(run, state.at.epoch)
    weights = run / FOLDER / state.weights
    restore_weights(loop.model, load_file(weights))
    manifest = describe(run, weights, origin)
    vectors = None
    if held_out is not None:
        start = run / START
        before = load_arrays(start)["vectors"] if start.is_file() else None
        vectors = HeldOutVectors(before, loop.embed(held_out), held_out.labels)
    if manifest is not None:
        points = _points(manifest, vectors, loop.config.seed) if vectors is not None else ()
        manifest = replace(manifest, operating_points=points)
        write_model(manifest, origin)
    report = None
    if loop.config.report:
        report = write_report(run, read_metrics(run), origin, state.start, vectors, manifest)
    return TrainingResult(
        run, state.at.epoch, state.start, state.best, state.best_epoch, weights, report, manifest
    )


def _points(manifest: Manifest, vectors: HeldOutVectors, seed: int) -> tuple[OperatingPoint, ...]:
    """Operating points of the rates that the held-out people support; none if they support none."""
    from facenet_app.evaluation.calibration import Provenance, calibrate  # scipy takes seconds to import

    assert manifest.source.sha256 is not None
    provenance = Provenance(
        manifest.fingerprint(manifest.source.sha256),
        manifest.detector,
        "people held out of training, on whom the best epoch was chosen",
    )
    try:
        return calibrate(vectors.after, vectors.labels, (), provenance, seed=seed).points
    except UsageError:
        return ()
