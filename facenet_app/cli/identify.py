"""``facenet-app identify``: who is in this picture?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import counted, emit

if TYPE_CHECKING:
    from facenet_app.domain import CandidateList, Identification

EXAMPLES = examples("identify group.jpg", "identify group.jpg --gallery staff.db --json")


@takes("model", "gallery", "device", "fmr", "threshold", "review")
def identify(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Picture with one or more faces.")],
    given: Given,
) -> int:
    """Name the people in a picture.

    Every face is compared with everybody enrolled; the rate of --fmr is that of a whole search, and
    the threshold follows from the number of enrolled pictures. Exit code 0 if somebody is known, else 1.
    """
    service = given.service()
    with service.gallery:
        result = service.identify(image)
    emit(result.to_dict(), _lines(result), as_json=given.json)
    return 0 if result.decision == "match" else 1


def _lines(result: "Identification") -> Iterator[str]:
    from facenet_app.comparison.search_threshold import explain_search

    for face in result.faces:
        box = face.face.face.box
        where = f"({box.left:.0f}, {box.top:.0f}), {box.width:.0f} x {box.height:.0f} pixels"
        yield f"face at {where}: {_who(face)}"
    band = f", review up to {result.review_point.threshold:.4f}" if result.review_point else ""
    yield (
        f"compared with {counted(result.gallery_size, 'person', 'people')} at the threshold "
        f"{result.operating_point.threshold:.4f}{band} ({result.model})"
    )
    if meaning := explain_search(result.operating_point, result.risk):
        yield meaning
    for warning in result.warnings:
        yield f"warning: {warning}"


def _who(face: "CandidateList") -> str:
    if not face.candidates:
        return "unknown"
    nearest = face.candidates[0]
    if face.match:
        return f"{nearest.name} (distance {nearest.distance:.4f})"
    if face.decision == "review":
        reasons = ", ".join(face.face.quality.reasons) or "it is too close to call"
        return f"review: perhaps {nearest.name} (distance {nearest.distance:.4f}), but {reasons}"
    return f"unknown (nearest distance {nearest.distance:.4f})"
