"""What the tab Models does, as plain functions of a service and inputs."""

import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.bootstrap import keep_points, measured_points
from facenet_app.domain import OperatingPoint, Rate
from facenet_app.errors import NoOperatingPoint, UsageError
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.figure_grid import figure_grid
from facenet_app.web.own_errors import WrongInput
from facenet_app.web.said import said_error
from facenet_app.web.unzip import UnzipLimits, unpack_pictures
from facenet_app.weights.manifest import load_manifest, manifests

if TYPE_CHECKING:
    from facenet_app.evaluation.calibration import Calibration
    from facenet_app.evaluation.result import EvaluationResult

__all__ = ["card", "in_use", "measure", "model_choices", "use_points"]

Tell = Callable[[int, int | None], None]
"""Called with how many pictures are embedded, and how many there are to embed."""

EMPTY = Markup("")
LOCAL_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")
SHOWN = ("roc", "det", "histogram")


def in_use(service: FaceService) -> str:
    """The model that compares, and every threshold that was measured for it."""
    engine = service.extractor.embedder.engine
    manifest = load_manifest(service.settings.model, service.settings.models)
    line = text.model_line(
        model=manifest.id, dimension=manifest.dimension, engine=engine.name, device=engine.device
    )
    points = service.measured.points
    return Markup('<section class="fa-answer"><h3>{}</h3>{}</section>').format(
        line, _table(points, service.settings.verification_fmr) if points else message(text.NO_THRESHOLD)
    )


def model_choices(service: FaceService) -> list[tuple[str, str]]:
    """Every model there is: label and id."""
    return [
        (text.in_use(model=each.title) if each.id == service.extractor.model else each.title, each.id)
        for each in manifests(service.settings.models)
    ]


@answering(None, quiet=True)
def card(service: FaceService, model: str) -> Answer:
    """A model's card in Markdown: what it is, what was measured, and where it goes wrong."""
    manifest = load_manifest(model, service.settings.models)
    path = manifest.folder / "README.md"
    words = path.read_text(encoding="utf-8") if path.is_file() else f"{manifest.title}, {manifest.license}"
    # Links of a card lead to files beside it, which the page does not serve.
    words = LOCAL_LINK.sub(r"\1", words)
    return Answer(Markup.escape(words), markdown=words)


@answering(Scope.VERIFY)
def measure(service: FaceService, upload: Path | None, tell: Tell | None = None) -> Answer:
    """Error rates and thresholds of the model in use, on a ZIP file of labelled folders.

    The pictures and their embeddings are in a temporary folder, and gone when this returns.
    """
    if upload is None:
        raise WrongInput(*text.ZIP_NEEDED)
    with tempfile.TemporaryDirectory(dir=upload.parent) as name:
        folder = Path(name)
        (people := folder / "people").mkdir()
        unpacked = unpack_pictures(upload, people, UnzipLimits(service.settings.max_bytes))
        result, calibration, problem = _measured(service, people, folder, tell)
    from facenet_app.evaluation.figures import figures

    failures = len(result.models[0].failures)
    counts = len(unpacked), len({path.parent for _, path in unpacked})
    points = calibration.points if calibration else ()
    return Answer(
        Markup(
            '<section class="fa-answer"><div role="status"><h2>{}</h2></div><p>{}</p>{}{}{}</section>'
        ).format(
            text.MEASURED,
            text.pictures_of("zip_of_failed", *counts, failures=failures)
            if failures
            else text.pictures_of("zip_of", *counts),
            _table(points, None) if points else EMPTY,
            message(problem) if problem else EMPTY,
            figure_grid(each for each in figures(result) if each.name in SHOWN),
        ),
        points=points,
    )


@answering(Scope.ADMIN)
def use_points(service: FaceService, points: Sequence[OperatingPoint]) -> Answer:
    """Decide at these thresholds from now on, and after the next start, too."""
    if not points:
        raise WrongInput(*text.NOTHING_MEASURED)
    keep_points(service.settings, points)
    every = measured_points(service.settings, service.extractor.fingerprint)
    service.measured = replace(service.measured, points=every)
    return Answer(message(text.POINTS_KEPT, "good"))


def _measured(
    service: FaceService, people: Path, folder: Path, tell: Tell | None
) -> "tuple[EvaluationResult, Calibration | None, Markup]":
    """The evaluation; the thresholds, or else why there are none."""
    from facenet_app.evaluation import datasets
    from facenet_app.evaluation.cache import open_cache
    from facenet_app.evaluation.calibration import Provenance, calibrate
    from facenet_app.evaluation.embedded import SELECTION, embed_pictures
    from facenet_app.evaluation.measured import Decision
    from facenet_app.evaluation.protocol import Contestant, evaluate_verification

    def progress(_: str) -> AbstractContextManager[Tell | None]:
        return nullcontext(tell)

    extractor = service.extractor
    data = replace(datasets.folders(people), name=text.MEASURED)
    settings = service.settings.model_copy(update={"cache": folder / "cache"})
    cache = open_cache(settings, extractor.fingerprint, extractor.detector.name, SELECTION)
    decision = Decision(service.settings.verification_fmr, _in_use(service), service.measured.points)
    result = evaluate_verification(data, [Contestant(extractor, decision, cache)], {}, progress)
    embedded = embed_pictures(extractor, data.paths, cache)  # all of them are in the cache by now
    provenance = Provenance(extractor.fingerprint, extractor.detector.name, datasets.OWN_PICTURES)
    try:
        found = embedded.found
        calibration = calibrate(embedded.vectors[found], data.person[found], (), provenance)
    except UsageError as error:
        return result, None, said_error(error)
    return result, calibration, EMPTY


def _in_use(service: FaceService) -> OperatingPoint | None:
    try:
        return service.operating_point()
    except NoOperatingPoint:
        return None


def _table(points: Sequence[OperatingPoint], default: float | None) -> Markup:
    header = EMPTY.join(Markup('<th scope="col">{}</th>').format(each) for each in text.POINT_COLUMNS)
    rows = EMPTY.join(_row(point, default) for point in reversed(points))
    return Markup(
        '<table class="fa-faces fa-points"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    ).format(header, rows)


def _row(point: OperatingPoint, default: float | None) -> Markup:
    label = text.by_hand(point.threshold) if point.target_fmr is None else text.rate(point.target_fmr)
    cells = (
        text.default(choice=label) if default is not None and point.target_fmr == default else label,
        text.number(point.threshold, ".4f"),
        _rate(point.fmr),
        _rate(point.fnmr),
        text.measured_on(point),
    )
    return Markup("<tr>{}</tr>").format(EMPTY.join(Markup("<td>{}</td>").format(cell) for cell in cells))


def _rate(rate: Rate | None) -> str:
    return "–" if rate is None else text.measured_rate(rate)
