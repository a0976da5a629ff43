"""Training runs on the page: which there are, and the curves of one."""

from pathlib import Path

from markupsafe import Markup

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.figure_grid import figure_grid
from facenet_app.web.own_errors import WrongInput

__all__ = ["last_written", "run_names", "show_run"]

METRICS = "metrics.jsonl"


def run_names(service: FaceService) -> list[str]:
    """The runs of the settings' folder, the latest first."""
    written = {path.parent.name: path.stat().st_mtime for path in service.settings.runs.glob(f"*/{METRICS}")}
    return sorted(written, key=lambda name: -written[name])


def last_written(service: FaceService, name: str | None) -> float:
    """When a run wrote its metrics last, in seconds since 1970; 0 if there is no such run."""
    try:
        return _metrics(service, name).stat().st_mtime
    except (OSError, WrongInput):
        return 0.0


@answering(None, quiet=True)
def show_run(service: FaceService, name: str | None) -> Answer:
    """How far a run is, and its curves."""
    if name is None:
        return Answer(message(text.NO_RUNS))
    run = _metrics(service, name).parent
    from facenet_app.training.metrics import read_metrics
    from facenet_app.training.plot import curves

    records = read_metrics(run)
    steps = [record["step"] for record in records if "step" in record]
    if not steps:
        return Answer(message(text.NOT_BEGUN))
    epochs = sum(record["kind"] == "epoch" and "loss" in record for record in records)
    so_far = text.run_so_far(max(steps), epochs, finished=(run / "report.html").is_file())
    return Answer(
        Markup('<section class="fa-answer"><p>{}</p>{}</section>').format(
            so_far, figure_grid(curves(records))
        )
    )


def _metrics(service: FaceService, name: str | None) -> Path:
    # A name that comes from a browser is only ever looked up, never made part of a path.
    for path in service.settings.runs.glob(f"*/{METRICS}"):
        if path.parent.name == name:
            return path
    raise WrongInput(*text.NO_SUCH_RUN)
