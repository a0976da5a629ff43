"""The report of an evaluation: a folder that answers "which threshold, and what does it cost?".

``report.json`` is the whole result for programs, ``report.html`` the same for people in one file that
loads nothing, and every figure is there as PNG and SVG. The pictures in the page are faces: whoever
gets the file sees them.
"""

import json
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from facenet_app.errors import UsageError
from facenet_app.evaluation import plot, wording
from facenet_app.evaluation.figures import ReportFigure, figures
from facenet_app.evaluation.result import EvaluationResult, ModelResult
from facenet_app.evaluation.worst import CropSource, PicturePair, picture_pairs

__all__ = ["write_report"]

FAILURES_SHOWN = 200
"""Of each model in the page; ``report.json`` has them all."""


def write_report(result: EvaluationResult, folder: Path, crops: CropSource) -> list[Path]:
    """Write ``report.html``, ``report.json`` and the figures; returns their paths, the page first.

    Args:
        result: what to report.
        folder: made if it is not there; files of these names in it are replaced.
        crops: called once for each model that has pairs worth looking at, with their pictures' paths
            as the result names them; gives aligned faces, RGB uint8 (height, width, 3), or None.

    Raises:
        UsageError: the folder cannot be written to.
    """
    drawn = figures(result)
    files: dict[str, str | bytes] = {
        "report.html": _page(result, drawn, crops),
        # NaN is no JSON, and a result has None where there is no number.
        "report.json": json.dumps(result.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    for each in drawn:
        files[f"{each.name}.png"] = plot.png(each.figure)
        files[f"{each.name}.svg"] = each.svg
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {folder} ({error.strerror or error})", "give another folder"
        ) from error
    return [folder / name for name in files]


def _page(result: EvaluationResult, drawn: list[ReportFigure], crops: CropSource) -> str:
    environment = Environment(
        loader=PackageLoader("facenet_app.evaluation", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["w"] = wording
    return environment.get_template("report.html").render(
        result=result,
        figures=drawn,
        worst=[_worst(model, crops) for model in result.models],
        failures_shown=FAILURES_SHOWN,
    )


def _worst(model: ModelResult, crops: CropSource) -> dict[str, tuple[PicturePair, ...]]:
    """Pairs by kind; one call for the pictures of both kinds."""
    part = model.verification
    if part is None:
        return {"mated": (), "non_mated": ()}
    pairs = picture_pairs([*part.worst_mated, *part.nearest_non_mated], part.headline.threshold, crops)
    return {
        "mated": tuple(each for each in pairs if each.pair.mated),
        "non_mated": tuple(each for each in pairs if not each.pair.mated),
    }
