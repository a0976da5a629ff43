"""``facenet-app verify``: are these two pictures of the same person?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import emit

if TYPE_CHECKING:
    from facenet_app.domain import Extraction, Verification

EXAMPLES = examples(
    "verify visitor.jpg badge.jpg",
    "verify visitor.jpg badge.jpg --fmr 1e-4",
    "verify visitor.jpg badge.jpg --review 1e-4",
    "verify group.jpg badge.jpg --probe-face 2",
    "verify a.jpg b.jpg --json",
)


@takes("model", "device", "fmr", "threshold", "review")
def verify(
    probe: Annotated[Path, typer.Argument(metavar="PROBE", help="Picture of the face presented.")],
    reference: Annotated[Path, typer.Argument(metavar="REFERENCE", help="Picture to compare it with.")],
    given: Given,
    probe_face: Annotated[
        int | None,
        typer.Option("--probe-face", metavar="N", help="Face of the probe to use, counted from the left."),
    ] = None,
    reference_face: Annotated[
        int | None, typer.Option("--reference-face", metavar="N", help="The same for the reference.")
    ] = None,
) -> int:
    """Compare the faces of two pictures.

    Exit code 0 if they match, 1 if they do not or a person should look.
    """
    result = given.service().verify_faces(probe, reference, (probe_face, reference_face))
    emit(result.to_dict(), _lines(result, probe, reference), as_json=given.json)
    return 0 if result.decision == "match" else 1


def _lines(result: "Verification", probe: Path, reference: Path) -> Iterator[str]:
    from facenet_app.comparison.decide import explain

    yield {
        "match": "MATCH: the same person",
        "non_match": "NO MATCH: different people",
        "review": "REVIEW: a person should look, "
        + ("it is too close to call" if result.usable else "the pictures are too poor to say"),
    }[result.decision.value]
    relation = "within" if result.distance <= result.threshold else "above"
    band = f", review up to {result.review_point.threshold:.4f}" if result.review_point else ""
    yield (
        f"distance {result.distance:.4f}, {relation} the threshold {result.threshold:.4f}{band} "
        f"({result.model})"
    )
    yield explain(result.operating_point)
    yield f"probe:     {_face(result.probe, probe)}"
    yield f"reference: {_face(result.reference, reference)}"
    for warning in result.warnings:
        yield f"warning: {warning}"


def _face(extraction: "Extraction", path: Path) -> str:
    box = extraction.face.face.box
    return (
        f"{path}, face at ({box.left:.0f}, {box.top:.0f}), {box.width:.0f} x {box.height:.0f} pixels, "
        f"{extraction.used_because}"
    )
