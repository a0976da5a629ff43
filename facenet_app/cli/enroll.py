"""``facenet-app enroll``: add pictures of one person, or of many from folders or a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.enroll_many import Many, Tally, enroll_many
from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.domain import Enrollment

EXAMPLES = examples(
    'enroll "Grace Hopper" one.jpg two.jpg',
    "enroll --from-folders people",
    "enroll --csv people.csv --refused refused.csv",
    "enroll Ada ada.png --gate strict --json",
)

GATES = ("off", "standard", "strict")


@takes("model", "gallery", "device")
def enroll(  # noqa: PLR0913 (Typer reads the options from the signature)
    *,
    given: Given,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="What the person is called.")] = None,
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGE", help="Pictures of that person.")
    ] = None,
    from_folders: Annotated[
        Path | None,
        typer.Option("--from-folders", metavar="DIR", help="Enroll DIR/NAME/*.jpg: a folder a person."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Enroll the pictures of a CSV list: name,path."),
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option("--refused", metavar="FILE", help="Write the refused pictures of many to a CSV file."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=0, help="Processes for many pictures; 0 = the best.")
    ] = 0,
    ray: Annotated[
        bool, typer.Option("--ray", help="Spread many pictures over the machines of a Ray cluster.")
    ] = False,
    ray_address: Annotated[
        str | None,
        typer.Option("--ray-address", metavar="ADDRESS", help="The cluster; by default the one Ray finds."),
    ] = None,
    gate: Annotated[
        str | None,
        typer.Option(
            "--gate",
            metavar="MODE",
            help="What is refused: off (nothing), standard (poor pictures, faces of others) or strict.",
            autocompletion=lambda: list(GATES),
        ),
    ] = None,
    no_crops: Annotated[
        bool,
        typer.Option(
            "--no-crops", help="Keep embeddings without the aligned faces; no model can renew them."
        ),
    ] = False,
    consent: Annotated[
        str | None,
        typer.Option("--consent", metavar="TEXT", help="What the person agreed to, such as a form's number."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DATE", help="From this day on (UTC) the person is never found."),
    ] = None,
) -> int:
    """Add pictures of a person to the gallery.

    Pictures that cannot be used are listed with the reason. Exit code 0 if something was stored or
    all of it is enrolled already.
    """
    rules = {"gate": gate, "keep_crops": False if no_crops else None}
    if from_folders is not None or csv is not None:
        if name is not None or (from_folders is not None and csv is not None):
            raise UsageError(
                "--from-folders and --csv bring the names with them, and exclude each other",
                "give one of them without NAME and IMAGE",
            )
        if consent is not None or expires is not None:
            raise UsageError(
                "--consent and --expires are for one person", "use `facenet-app gallery consent` for each"
            )
        on_ray = ray_address or "" if ray or ray_address else None
        many = Many(from_folders, csv, refused, workers, on_ray)
        return enroll_many(given.service(**rules), many, as_json=given.json)
    if name is None or not images:
        raise UsageError(
            "a name and at least one picture are needed", "see `facenet-app enroll --help` for examples"
        )
    from facenet_app.domain import Consent, expiry_time

    agreed = Consent(consent, None if expires is None else expiry_time(expires))
    service = given.service(**rules)
    with service.gallery:
        result = service.enroll(name, images, consent=agreed)
    emit(result.to_dict(), _lines(result), as_json=given.json)
    return Tally().add(result).exit_code


def _lines(result: "Enrollment") -> Iterator[str]:
    if result.identity:
        total = result.identity.samples
        yield f"{result.name}: {len(result.samples)} stored, {total} enrolled in all"
    else:
        yield f"{result.name}: nothing was stored"
    for warning in result.warnings:
        yield f"warning: {warning}"
    for refused in result.refused:
        yield f"refused {refused.source}: {refused.message}"
