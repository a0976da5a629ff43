"""``facenet-app data``: look at labelled pictures before training, and pack them for it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit

if TYPE_CHECKING:
    from facenet_app.dataset.check import CheckResult
    from facenet_app.dataset.prepare import Prepared
    from facenet_app.dataset.workers import Work
    from facenet_app.settings import Settings

__all__ = ["app", "packing"]

app = typer.Typer(help="Check labelled pictures, and pack them for training.", rich_markup_mode=None)
PREPARE = examples(
    "data prepare people --out data/people",
    "data prepare people --out data/people --model facenet-vggface2 --workers 8",
    "data prepare list.csv --out data/list --json",
    "data prepare products --out data/products --as-is 112",
)
CHECK = examples(
    "data check people",
    "data check people --report check --against test-people",
    "data check list.csv --json",
)
SHOWN = 10
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE", help="Folder with one folder of pictures a person, or a CSV list: path,label."
    ),
]


@app.command("prepare", epilog=PREPARE)
@takes("model")
def prepare(  # noqa: PLR0913 (Typer reads the options from the signature)
    *,
    given: Given,
    source: Source,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the pack; a run that stopped goes on.")
    ],
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=0, help="Processes; 0 = as many as there are cores.")
    ] = 0,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="PNG instead of JPEG of quality 95: three times the bytes.")
    ] = False,
    as_is: Annotated[
        int | None,
        typer.Option(
            "--as-is", metavar="SIDE", help="Look for no faces: whole pictures, stretched to SIDE × SIDE."
        ),
    ] = None,
    shard_size: Annotated[
        int, typer.Option("--shard-size", metavar="N", min=1, help="Pictures in one file of the pack.")
    ] = 500,
) -> int:
    """Find, align and pack the face of every picture, as the model wants it.

    Pictures that cannot be read or show no face are listed with the reason and stop nothing.
    """
    settings = given.settings()
    from facenet_app.dataset.listing import list_pictures
    from facenet_app.dataset.prepare import PackSettings
    from facenet_app.dataset.prepare import prepare as pack
    from facenet_app.processes import usable_cores

    listing = list_pictures(source)
    work = packing(settings, as_is, lossless=lossless)
    with progress_bar("packing", "images") as report:
        done = pack(listing, out, work, PackSettings(workers or usable_cores(), shard_size), report)
    emit(done.to_dict(), _lines(done), as_json=given.json)
    return 0


def packing(settings: "Settings", as_is: int | None, *, lossless: bool) -> "Work":
    """How to cut under these settings; every worker opens a detector of its own."""
    from facenet_app.bootstrap import open_detector
    from facenet_app.dataset.cut import CutFaces, CutWhole
    from facenet_app.dataset.square import AS_IS
    from facenet_app.dataset.workers import Work
    from facenet_app.imaging.align import crop_side
    from facenet_app.imaging.decode import ImageLimits
    from facenet_app.weights.manifest import load_manifest

    limits = ImageLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    of_files = {"max_bytes": settings.max_bytes, "max_pixels": settings.max_pixels}
    if as_is is not None:
        return Work(partial(CutWhole, as_is, limits), AS_IS, as_is, lossless, of_files)
    manifest = load_manifest(settings.model, settings.models)
    alignment = manifest.preprocessing.alignment
    cutter = partial(CutFaces, partial(open_detector, manifest, settings), alignment, limits)
    of_faces = {
        "detector": manifest.detector if settings.detector == "auto" else settings.detector,
        "detector_score": settings.detector_score,
        "smallest_face": settings.smallest_face,
        "detection_side": settings.detection_side,
    }
    return Work(cutter, alignment, crop_side(alignment), lossless, of_files | of_faces)


@app.command("check", epilog=CHECK)
@takes("model", "device")
def check(
    given: Given,
    source: Source,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="OTHER",
            help="Folder or list that must not share people or pictures with SOURCE, as the one for testing.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="DIR", help="Write a page with the pictures in doubt.")
    ] = None,
) -> int:
    """Look for mistakes in labelled pictures before training on them.

    Wrong labels, duplicates, turned and unreadable pictures, none or several faces, people with one
    picture. Nothing is changed.
    """
    settings = given.settings()
    from facenet_app.dataset.check import check as look
    from facenet_app.dataset.listing import list_pictures

    listing = list_pictures(source)
    other = None if against is None else list_pictures(against)
    from facenet_app.bootstrap import open_extractor

    extractor = open_extractor(settings)
    with progress_bar("looking at pictures", "images") as shown:
        result = look(extractor, listing, other, shown)
    document = result.to_dict()
    lines = list(_found(result))
    if report is not None:
        from facenet_app.dataset.check_report import write_check_report

        page = write_check_report(result, extractor, report)
        document["report"] = str(page)
        lines.append(f"report: {page}")
    emit(document, lines, as_json=given.json)
    return 0


def _found(result: "CheckResult") -> Iterator[str]:
    document = result.to_dict()
    yield (
        f"{counted(document['images'], 'picture', 'pictures')} of "
        f"{counted(document['people'], 'person', 'people')}, a face in {document['faces']:,}"
    )
    for name, count in document["counts"].items():
        yield f"  {name.replace('_', ' ')}: {count:,}"
    findings = result.findings
    for doubt in findings.label_doubts[:SHOWN]:
        yield f"label in doubt: {doubt.path} is nearer to {doubt.other} than to any of {doubt.person}"
    for group in findings.duplicates[:SHOWN]:
        yield f"the same picture: {', '.join(group.paths)}"
    for pair in findings.near_duplicates[:SHOWN]:
        yield f"probably the same photo: {pair.first}, {pair.second}"
    for flag in findings.unreadable[:SHOWN]:
        yield f"unreadable: {flag.path} ({flag.detail})"
    if result.leakage is not None:
        for name in result.leakage.people[:SHOWN]:
            yield f"in both: {name}"
        for pair in result.leakage.pictures[:SHOWN]:
            yield f"the same photo in both: {pair.first}, {pair.second}"


def _lines(done: "Prepared") -> Iterator[str]:
    document, side = done.to_dict(), done.index.side
    new = done.listed - done.before
    pace = f", {new / done.seconds:.0f} a second" if new else ""
    yield (
        f"{counted(document['images'], 'picture', 'pictures')} of "
        f"{counted(document['people'], 'person', 'people')} packed into {done.folder} "
        f"({document['bytes'] / 1e6:.1f} MB, {side} × {side}, {document['alignment']})"
    )
    yield f"{new:,} looked at now in {done.seconds:.1f} s{pace}; {done.before:,} were finished before"
    if done.refused:
        by_code = ", ".join(f"{count:,} {code}" for code, count in document["refused_by_code"].items())
        yield f"refused: {by_code}; all of them are in {done.folder / 'refused.csv'}"
    for name, code, _ in done.refused[:SHOWN]:
        yield f"  {name} ({code})"
