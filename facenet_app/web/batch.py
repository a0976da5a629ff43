"""Many pairs at once: a ZIP file of pictures with a table of pairs, or two ZIP files."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.domain import Verification
from facenet_app.errors import FacenetAppError
from facenet_app.service import FaceService, Progress
from facenet_app.table import read_table, written_table
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.own_errors import WrongInput
from facenet_app.web.results import STYLES
from facenet_app.web.said import said, without_folders
from facenet_app.web.unzip import UnzipLimits, unpack_pictures

__all__ = ["LONGEST_TABLE", "compare_batch"]

LONGEST_TABLE = 200
"""Pairs shown on the page; the CSV file has them all."""

COLUMNS: Final = ("probe", "reference", "decision", "distance", "threshold", "target_fmr", "error")

EMPTY = Markup("")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Names for people; the pictures, or None where the files do not hold one."""

    names: tuple[str, str]
    paths: tuple[Path | None, Path | None]


@answering(Scope.VERIFY)
def compare_batch(
    service: FaceService, files: Sequence[Path], fmr: float | None = None, tell: Progress | None = None
) -> Answer:
    """Compare every pair; the answer has a table of them and, in ``csv``, all of it for a spreadsheet.

    The pictures are in a temporary folder, and gone when this returns.
    """
    if not files:
        raise WrongInput(*text.BATCH_NEEDED)
    with tempfile.TemporaryDirectory(dir=files[0].parent) as name:
        pairs = _pairs(files, Path(name), UnzipLimits(service.settings.max_bytes))
        outcomes = _compared(service, pairs, fmr, tell)
    rows = [_row(pair, outcome) for pair, outcome in zip(pairs, outcomes, strict=True)]
    return Answer(_shown(pairs, outcomes, rows), csv=written_table(COLUMNS, rows))


def _pairs(files: Sequence[Path], folder: Path, limits: UnzipLimits) -> list[_Pair]:
    zips = [path for path in files if path.suffix.lower() == ".zip"]
    tables = [path for path in files if path.suffix.lower() == ".csv"]
    unpacked = []
    for number, path in enumerate(zips):
        (target := folder / str(number)).mkdir()
        unpacked.append(dict(unpack_pictures(path, target, limits)))
    if (len(zips), len(tables), len(files)) == (1, 1, 2):
        return _listed(tables[0], unpacked[0])
    if (len(zips), len(files)) == (2, 2):
        return _of_one_name(*unpacked)
    raise WrongInput(*text.BATCH_NEEDED)


def _listed(table: Path, pictures: dict[PurePosixPath, Path]) -> list[_Pair]:
    read = read_table(table)
    if not {"probe", "reference"} <= set(read.names):
        raise WrongInput(*text.BATCH_COLUMNS)
    return [
        _Pair(
            names := (fields["probe"], fields["reference"]),
            (pictures.get(PurePosixPath(names[0])), pictures.get(PurePosixPath(names[1]))),
        )
        for _, fields in read.lines
    ]


def _of_one_name(probes: dict[PurePosixPath, Path], references: dict[PurePosixPath, Path]) -> list[_Pair]:
    """Pictures of one name belong together, whatever format they have; those left over are told of."""
    by_name = {name.with_suffix(""): path for name, path in references.items()}
    shown = {name.with_suffix(""): str(name) for name in references}
    pairs = [
        _Pair((str(name), shown.pop(name.with_suffix(""), "")), (path, by_name.get(name.with_suffix(""))))
        for name, path in probes.items()
    ]
    return [*pairs, *(_Pair(("", name), (None, by_name[key])) for key, name in shown.items())]


def _compared(
    service: FaceService, pairs: Sequence[_Pair], fmr: float | None, tell: Progress | None
) -> list[Verification | FacenetAppError]:
    whole = [pair.paths for pair in pairs if None not in pair.paths]
    results = service.verify_many(
        ((probe, reference) for probe, reference in whole if probe and reference), fmr=fmr
    )
    outcomes: list[Verification | FacenetAppError] = []
    for done, pair in enumerate(pairs, 1):
        outcomes.append(WrongInput(*text.PICTURE_MISSING) if None in pair.paths else next(results))
        if tell is not None:
            tell(done, len(pairs))
    return outcomes


def _row(pair: _Pair, outcome: Verification | FacenetAppError) -> tuple[str, ...]:
    if isinstance(outcome, FacenetAppError):
        uploads = [path for path in pair.paths if path]
        named = without_folders(str(outcome), uploads)
        for path, name in zip(pair.paths, pair.names, strict=True):
            named = named.replace(path.name, name) if path else named
        return (*pair.names, "", "", "", "", named)
    point = outcome.operating_point
    rate = "" if point.target_fmr is None else f"{point.target_fmr:g}"
    numbers = f"{outcome.distance:.4f}", f"{outcome.threshold:.4f}", rate
    return (*pair.names, outcome.decision.value, *numbers, "")


def _shown(
    pairs: Sequence[_Pair], outcomes: Sequence[Verification | FacenetAppError], rows: Sequence[Sequence[str]]
) -> Markup:
    counts = Counter(each.decision for each in outcomes if isinstance(each, Verification))
    failed = sum(isinstance(each, FacenetAppError) for each in outcomes)
    header = EMPTY.join(Markup('<th scope="col">{}</th>').format(column) for column in text.BATCH_TABLE)
    body = EMPTY.join(
        _table_row(outcome, row) for outcome, row in zip(outcomes[:LONGEST_TABLE], rows, strict=False)
    )
    return Markup(
        '<section class="fa-answer"><div role="status"><h2>{}</h2></div><p>{}</p>'
        '<table class="fa-faces fa-pairs"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}</section>'
    ).format(
        text.pairs(count=len(pairs)),
        text.batch_counts(counts, failed),
        header,
        body,
        message(text.first_pairs(shown=LONGEST_TABLE, number=len(pairs)), "plain")
        if len(pairs) > LONGEST_TABLE
        else EMPTY,
    )


def _table_row(outcome: Verification | FacenetAppError, row: Sequence[str]) -> Markup:
    files = EMPTY.join(Markup('<td class="fa-file">{}</td>').format(name) for name in row[:2])
    if isinstance(outcome, FacenetAppError):
        why = row[6] if isinstance(outcome, WrongInput) else said(outcome.code, row[6])
        return Markup("<tr>{}<td>–</td><td>{}</td></tr>").format(files, why)
    badge = Markup('<span class="fa-badge fa-{}">{}</span>').format(
        STYLES[outcome.decision], text.DECISIONS[outcome.decision]
    )
    return Markup("<tr>{}<td>{}</td><td>{}</td></tr>").format(
        files, text.number(outcome.distance, ".4f"), badge
    )
