"""The page that a run ends with: what was learned, on what, how it went, and what it is good for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app import __version__
from facenet_app.training.card import Origin
from facenet_app.training.held_out import Measurement
from facenet_app.weights.manifest import Manifest
from facenet_app.weights.store import write_aside

__all__ = ["HeldOutVectors", "write_report"]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutVectors:
    """Unit vectors float32 (N, D) of the held-out pictures before and after; labels int64 (N,)."""

    before: NDArray[np.float32] | None
    after: NDArray[np.float32]
    labels: NDArray[np.int64]


def write_report(
    run: Path,
    records: Sequence[Mapping[str, Any]],
    origin: Origin,
    start: Measurement | None,
    held_out: HeldOutVectors | None,
    manifest: Manifest | None,
) -> Path:
    """Write ``report.html`` into the run's folder, in one file that loads nothing; returns its path.

    Args:
        run: the folder.
        records: of its ``metrics.jsonl``.
        origin: what was learned from, and what was measured in the end.
        start: measured before the first batch.
        held_out: for the picture of people; None if nobody was held out.
        manifest: of the model that the run left, if the program can use it.
    """
    from facenet_app.evaluation import wording
    from facenet_app.training.plot import curves, people_figure, projected  # matplotlib: not before the end

    figures = curves(records)
    if held_out is not None:
        seed = origin.config.seed
        before = projected(held_out.before, held_out.labels, seed) if held_out.before is not None else None
        figures.append(people_figure(before, projected(held_out.after, held_out.labels, seed)))
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("facenet_app.training", "page"), PackageLoader("facenet_app.evaluation", "page")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["w"] = wording
    page = environment.get_template("training.html").render(
        run=run.resolve().name,
        origin=origin,
        start=start,
        manifest=manifest,
        epochs=[each for each in records if each["kind"] == "epoch" and "loss" in each],
        figures=figures,
        settings=_flat(origin.config.model_dump(mode="json")),
        version=__version__,
    )
    path = run / "report.html"
    write_aside(path, page.encode())
    return path


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested tables as ``optimizer.rate``; what was not set is left out."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        elif value not in (None, [], ()):
            found[f"{before}{name}"] = value
    return found
