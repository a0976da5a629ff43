"""The report of a check: one page that loads nothing, with the pictures that are in doubt side by side.

The pictures in the page are faces: whoever gets the file sees them.
"""

import base64
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from PIL import Image

from facenet_app.dataset.check import CheckResult
from facenet_app.dataset.findings import Pair
from facenet_app.domain import Extraction, Selection
from facenet_app.errors import ImageError, UsageError
from facenet_app.extraction import FaceExtractor
from facenet_app.imaging.decode import decode

__all__ = ["write_check_report"]

SHOWN: Final = 60
"""Of each kind in the page; ``check.json`` has them all."""
SIDE: Final = 112

KINDS: Final = {
    "unreadable": "Files that cannot be read",
    "rotated": "Turned pictures",
    "no_face": "No face found",
    "several_faces": "Several faces: the prominent one is used",
    "too_small": "Faces that are too small",
    "poor_quality": "Faces of poor quality",
}


def write_check_report(result: CheckResult, extractor: FaceExtractor, folder: Path) -> Path:
    """Write ``check.html`` and ``check.json``; returns the page's path.

    Args:
        result: what to report.
        extractor: makes the crops of those pictures that are shown.
        folder: made if it is not there; files of these names in it are replaced.

    Raises:
        UsageError: the folder cannot be written to.
    """
    shown = list(dict.fromkeys(_shown(result)))
    faces = dict(zip(shown, _crops(extractor, shown), strict=True))
    root, other = result.listing.root, result.other.root if result.other else None
    page = (
        _environment()
        .get_template("check.html")
        .render(
            result=result,
            document=result.to_dict(),
            kinds=KINDS,
            shown=SHOWN,
            face=lambda name: _url(faces.get(root / name)),
            other_face=lambda name: _url(faces.get(other / name)) if other else None,
        )
    )
    document = json.dumps(result.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("check.html", page), ("check.json", document)):
            # File names need not be text.
            (folder / name).write_bytes(text.encode(errors="backslashreplace"))
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {folder} ({error.strerror or error})", "give another folder"
        ) from error
    return folder / "check.html"


def _environment() -> Environment:
    packages = ("facenet_app.dataset", "facenet_app.evaluation")  # its style sheet serves here, too
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "page") for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(result: CheckResult) -> Iterator[Path]:
    """The pictures that the page shows."""
    findings, root = result.findings, result.listing.root
    for doubt in findings.label_doubts[:SHOWN]:
        yield from (root / name for name in (doubt.path, doubt.own, doubt.other))
    for group in findings.duplicates[:SHOWN]:
        yield root / group.paths[0]
    yield from (
        root / name for pair in findings.near_duplicates[:SHOWN] for name in (pair.first, pair.second)
    )
    for kind in KINDS:
        yield from (root / flag.path for flag in getattr(findings, kind)[:SHOWN])
    if result.leakage is not None and result.other is not None:
        pairs: Sequence[Pair] = result.leakage.pictures[:SHOWN]
        yield from (root / pair.first for pair in pairs)
        yield from (result.other.root / pair.second for pair in pairs)


def _crops(extractor: FaceExtractor, paths: Iterable[Path]) -> Iterator[NDArray[np.uint8] | None]:
    """The face of each picture, else the whole picture, else None: RGB uint8 (height, width, 3)."""
    paths = list(paths)
    for path, outcome in zip(paths, extractor.extract_many(paths, Selection.PROMINENT), strict=True):
        if isinstance(outcome, Extraction):
            yield outcome.face.crop.pixels
            continue
        try:
            whole = Image.fromarray(decode(path, extractor.finder.image_limits))
        except ImageError:
            yield None
            continue
        whole.thumbnail((SIDE, SIDE))
        yield np.asarray(whole)


def _url(pixels: NDArray[np.uint8] | None) -> str | None:
    if pixels is None:
        return None
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
