"""``facenet-app train``: an embedding of your own, learned from a labelled folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.training.finish import TrainingResult

__all__ = ["EXAMPLES", "train"]

EXAMPLES = examples(
    "train configs/finetune.toml --data data/people",
    "train configs/scratch.toml --data data/people --run runs/first",
    "train --resume runs/first",
)


@takes("device")
def train(
    given: Given,
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="TOML file, such as configs/finetune.toml.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="Pack of `data prepare`, or cropped pictures: DIR/NAME/*.jpg."
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="Folder of the run; by default runs/TIME-NETWORK."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN", help="Go on with a run, exactly where it stopped."),
    ] = None,
) -> int:
    """Train a model, measure it on people held out, and write a report.

    Ctrl-C stops after the batch under way, with a checkpoint.
    """
    if (config is None) == (resume is None):
        raise UsageError("either a configuration or --resume is needed", "see `facenet-app train --help`")
    if resume is not None and run is not None:
        raise UsageError("--resume names the run already", "leave out --run")
    if resume is not None and given.device is not None:
        raise UsageError("a run goes on on the device that it began on", "leave out --device")
    settings = given.settings()
    from facenet_app.training.config import load_config
    from facenet_app.training.start import begin, go_on

    if resume is not None:
        result = go_on(resume, settings, data)
    else:
        assert config is not None
        wanted = load_config(config).with_data(data)
        if given.device is not None:
            wanted = wanted.model_copy(update={"device": given.device})
        result = begin(wanted, settings, run)
    emit(_document(result), _lines(result), as_json=given.json)
    return 0


def _document(result: "TrainingResult") -> dict[str, Any]:
    return {
        "run": str(result.run),
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "start": result.start.to_dict() if result.start else None,
        "best": result.best.to_dict() if result.best else None,
        "weights": str(result.weights),
        "model": result.model.to_dict() if result.model else None,
        "report": None if result.report is None else str(result.report),
    }


def _lines(result: "TrainingResult") -> list[str]:
    lines = [f"{result.run}: {result.epochs} epochs, weights of epoch {result.best_epoch}"]
    if result.best is not None:
        for rate, tar in result.best.tar.items():
            before = f" (before {result.start.tar[rate]:.4f})" if result.start is not None else ""
            lines.append(f"held-out people: TAR {tar:.4f} at FMR {rate:g}{before}")
    if result.report is not None:
        lines.append(f"report: {result.report}")
    if result.model is not None:
        lines.append(
            f"use it with --model {result.run}, or name it: facenet-app models add {result.run} --name NAME"
        )
    return lines
