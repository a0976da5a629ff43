"""``facenet-app calibrate``: thresholds for your own pictures, measured on them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit

if TYPE_CHECKING:
    from facenet_app.domain import OperatingPoint, Place
    from facenet_app.evaluation.calibration import Calibration
    from facenet_app.evaluation.embedded import EmbeddedPictures
    from facenet_app.gallery.store import GalleryStore
    from facenet_app.settings import Settings

EXAMPLES = examples(
    "calibrate --folders people",
    "calibrate --folders people --fmr 1e-3 --fmr 1e-4 --gallery staff.db",
    "calibrate --folders people --dry-run --json",
)


@takes("model", "gallery", "device")
def calibrate(
    given: Given,
    folders: Annotated[
        Path,
        typer.Option(
            "--folders", metavar="DIR", help="Labelled pictures: DIR/NAME/*.jpg, a folder a person."
        ),
    ],
    fmr: Annotated[
        list[float] | None,
        typer.Option(
            "--fmr",
            metavar="RATE",
            help="False match rate to measure a threshold for; may be given several times. "
            "By default those of 1e-2 … 1e-5 that the pictures support.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="NAME", help="What to call the pictures; by default the folder's name."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure and show, but store nothing.")] = False,
) -> int:
    """Measure thresholds on your own pictures, and use them from now on.

    They are kept for the model on this machine, or, with --gallery, in that gallery for searches in
    it. A rate that the pictures cannot support is refused.
    """
    settings = given.settings()
    with ExitStack() as opened:
        store = None
        if given.gallery is not None and not dry_run:  # before the long work: it may be of another model
            store = opened.enter_context(given.store())
        embedded, calibration = _measure(settings, folders, fmr or [], dataset or folders.resolve().name)
        place = None if dry_run else _keep(settings, store, calibration.points)
    document = {
        "model": embedded.model,
        "fingerprint": embedded.fingerprint,
        "pictures": len(embedded.vectors),
        "failures": [failure.to_dict() for failure in embedded.failures],
        "stored_in": None if place is None else str(place),
        "operating_points": [point.to_dict() for point in calibration.points],
        "swapped": [point.to_dict() for point in calibration.swapped],
    }
    emit(document, _lines(document, calibration), as_json=given.json)
    return 0


def _measure(
    settings: "Settings", folders: Path, rates: Sequence[float], dataset: str
) -> "tuple[EmbeddedPictures, Calibration]":
    from facenet_app.evaluation.labelled import read_folders

    labelled = read_folders(folders)  # first, because the model takes longer to load
    from facenet_app.bootstrap import open_extractor
    from facenet_app.evaluation.cache import open_cache
    from facenet_app.evaluation.calibration import Provenance, calibrate
    from facenet_app.evaluation.embedded import SELECTION, embed_pictures

    extractor = open_extractor(settings)
    cache = open_cache(settings, extractor.fingerprint, extractor.detector.name, SELECTION)
    with progress_bar("embedding", "faces") as report:
        embedded = embed_pictures(extractor, labelled.paths, cache, report)
    found = embedded.found
    provenance = Provenance(embedded.fingerprint, embedded.detector, dataset)
    return embedded, calibrate(embedded.vectors[found], labelled.identities[found], rates, provenance)


def _keep(settings: "Settings", store: "GalleryStore | None", points: "Sequence[OperatingPoint]") -> "Place":
    """Store the points before those that are there, and return where."""
    if store is not None:
        from facenet_app.comparison.decide import merged

        store.set_operating_points(merged(points, store.operating_points()))
        return store.place
    from facenet_app.bootstrap import keep_points

    return keep_points(settings, points)


def _lines(document: dict[str, Any], calibration: "Calibration") -> Iterator[str]:
    failures = len(document["failures"])
    yield (
        f"{counted(document['pictures'], 'picture', 'pictures')}, no face in {failures:,}; "
        f"thresholds chosen on one half of the people and measured on the other:"
    )
    yield from map(_line, calibration.points)
    yield "the halves the other way round:"
    yield from map(_line, calibration.swapped)
    place = document["stored_in"]
    yield f"stored in {place}" if place else "nothing was stored (--dry-run)"


def _line(point: "OperatingPoint") -> str:
    assert point.target_fmr is not None
    assert point.fmr is not None
    assert point.fnmr is not None
    from facenet_app.evaluation.verified import PointCheck
    from facenet_app.evaluation.wording import kept, with_interval

    verdict = kept(PointCheck(point, point.fmr, point.fnmr))
    return (
        f"  FMR {point.target_fmr:g}: threshold {point.threshold:.4f}; measured FMR "
        f"{with_interval(point.fmr)}, FNMR {with_interval(point.fnmr)}; {verdict}"
    )
