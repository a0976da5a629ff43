"""``facenet-app evaluate``: what thresholds cost, on LFW or on your own pictures."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facenet_app.cli.evaluated import lines
from facenet_app.cli.options import Given, examples, model_ids, takes
from facenet_app.cli.progress import Report, progress_bar
from facenet_app.cli.run import emit
from facenet_app.errors import NoOperatingPoint, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facenet_app.evaluation.datasets import Data
    from facenet_app.evaluation.protocol import Contestant
    from facenet_app.evaluation.result import EvaluationResult

EXAMPLES = examples(
    "evaluate --protocol lfw --images lfw",
    "evaluate --pairs pairs.csv --images pictures",
    "evaluate --folders people --attribute groups.csv",
    "evaluate --folders people --identification --gallery-size 100",
    "evaluate --folders people --model sface --model facenet",
)
DEFAULT_GALLERY = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the pictures are and which pairs of them count, as given."""

    protocol: str | None
    pairs: Path | None
    folders: Path | None
    images: Path | None
    attribute: Path | None
    identification: bool


@takes("device", "fmr", "threshold")
def evaluate(  # noqa: PLR0913 (Typer reads the options from the signature)
    *,
    given: Given,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            metavar="NAME",
            help="lfw (View 2), lfw-view1 or lfw-all (all pairs); needs --images.",
        ),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            "--pairs",
            metavar="FILE",
            help="List of pairs: CSV with the columns probe, reference and mated, or LFW's format.",
        ),
    ] = None,
    folders: Annotated[
        Path | None,
        typer.Option("--folders", metavar="DIR", help="All pairs of DIR/NAME/*.jpg: a folder a person."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="DIR", help="Folder of the pictures of a list.")
    ] = None,
    attribute: Annotated[
        Path | None,
        typer.Option(
            "--attribute",
            metavar="FILE",
            help="CSV with a column image or identity; errors are told for each value of its other columns.",
        ),
    ] = None,
    identification: Annotated[
        bool, typer.Option("--identification", help="Search for people in a gallery (1:N) instead.")
    ] = False,
    gallery_size: Annotated[
        int | None,
        typer.Option(
            "--gallery-size",
            metavar="N",
            help="People to enroll; by default 1,000 or half of those there are.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="ID", help="Model; several are compared.", autocompletion=model_ids),
    ] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Average each embedding with that of the mirrored face.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Decides who is enrolled.")] = 0,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Keep no embeddings on disk, and use none from there.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Report folder; by default a new one, evaluation-MODEL-DATE."
        ),
    ] = None,
) -> int:
    """Measure how often models are wrong, and write a report.

    Give a protocol, a list of pairs, or folders of people.
    """
    data = _data(Asked(protocol, pairs, folders, images, attribute, identification))
    names: Sequence[str | None] = model or [None]
    each = [_contestant(replace(given, model=name), mirror=mirror, cached=not no_cache) for name in names]
    plain: dict[str, Any] = {"mirror": mirror, "fmr": each[0].decision.fmr, "seed": seed}
    if identification:
        from facenet_app.evaluation.searched import evaluate_identification

        size = _gallery_size(data) if gallery_size is None else gallery_size
        result = evaluate_identification(data, each, size, plain, _bar)
    else:
        from facenet_app.evaluation.protocol import evaluate_verification

        result = evaluate_verification(data, each, plain, _bar)
    models = "-".join(one.name for one in each)
    folder = out or _new_folder(f"evaluation-{models}-{result.measured_on}")
    page = _write(result, data, each[0], folder)
    emit({**result.to_dict(), "report": str(page)}, [*lines(result), f"report: {page}"], as_json=given.json)
    return 0


def _new_folder(name: str) -> Path:
    """One that is not there yet: nobody's report of the same day is overwritten."""
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(folder for folder in map(Path, names) if not folder.exists())


def _data(asked: Asked) -> "Data":
    """The pictures, read before a model is loaded: mistakes in a list are said at once."""
    from facenet_app.evaluation import datasets

    data = _source(asked)
    return datasets.with_attributes(data, asked.attribute) if asked.attribute else data


def _source(asked: Asked) -> "Data":
    from facenet_app.evaluation import datasets

    protocol = asked.protocol
    if asked.identification:
        if asked.pairs is not None or asked.attribute is not None:
            raise UsageError(
                "--identification takes no --pairs and no --attribute", "give --folders, or LFW with --images"
            )
        protocol = None if asked.folders else "lfw-all"  # everybody's pictures, whatever the pairs
    if [protocol, asked.pairs, asked.folders].count(None) != 2:
        raise UsageError(
            "one of --protocol, --pairs and --folders is needed", "see `facenet-app evaluate --help`"
        )
    if asked.folders is not None:
        return datasets.folders(asked.folders)
    if asked.images is None:
        raise UsageError("the folder of the pictures is missing", "give it with --images")
    if asked.pairs is not None:
        return datasets.pair_list(asked.pairs, asked.images)
    return datasets.lfw(protocol or "", asked.images)


def _contestant(given: Given, *, mirror: bool, cached: bool) -> "Contestant":
    """The model, and the threshold that it would decide with; None where none was measured."""
    settings = given.settings(mirror=mirror or None)
    from facenet_app.bootstrap import open_service
    from facenet_app.evaluation.cache import open_cache
    from facenet_app.evaluation.embedded import SELECTION
    from facenet_app.evaluation.measured import Decision
    from facenet_app.evaluation.protocol import Contestant
    from facenet_app.service import FaceService

    service = open_service(settings, FaceService)
    extractor = service.extractor
    try:
        point = service.operating_point()
    except NoOperatingPoint:
        point = None
    return Contestant(
        extractor,
        Decision(settings.verification_fmr, point, service.measured.points),
        open_cache(settings, extractor.fingerprint, extractor.detector.name, SELECTION) if cached else None,
    )


def _gallery_size(data: "Data") -> int:
    """Half of the people with two pictures, so that there are others to search for."""
    import numpy as np

    return min(DEFAULT_GALLERY, max(1, int((np.bincount(data.person) >= 2).sum()) // 2))


def _bar(model: str) -> AbstractContextManager[Report | None]:
    return progress_bar(f"embedding with {model}", "faces")


def _write(result: "EvaluationResult", data: "Data", contestant: "Contestant", folder: Path) -> Path:
    """Write the report; gives the page's path."""
    from facenet_app.evaluation.embedded import face_crops
    from facenet_app.evaluation.report import write_report

    def crops(names: Sequence[str]) -> "Mapping[str, NDArray[np.uint8] | None]":
        faces = face_crops(contestant.extractor, [data.root / name for name in names])
        return dict(zip(names, faces, strict=True))

    return write_report(result, folder, crops)[0]
