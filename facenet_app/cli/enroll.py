"""``facenet-app enroll``: add pictures of one person, or of many from folders."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit, exit_code_of, say
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.domain import Enrollment
    from facenet_app.service import FaceService

EXAMPLES = examples(
    'enroll "Grace Hopper" one.jpg two.jpg',
    "enroll --from-folders people",
    "enroll Ada ada.png --gate strict --json",
)

GATES = ("off", "standard", "strict")


@takes("model", "gallery", "device")
def enroll(  # noqa: PLR0913, PLR0917 (Typer reads the options from the signature)
    given: Given,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="What the person is called.")] = None,
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGE", help="Pictures of that person.")
    ] = None,
    from_folders: Annotated[
        Path | None,
        typer.Option("--from-folders", metavar="DIR", help="Enroll DIR/NAME/*.jpg: a folder a person."),
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
    if from_folders is not None:
        if consent is not None or expires is not None:
            raise UsageError(
                "--consent and --expires are for one person", "use `facenet-app gallery consent` for each"
            )
        if name is not None:
            raise UsageError("--from-folders takes the names from the folders", "leave NAME and IMAGE out")
        return _enroll_folders(
            from_folders, given.service(gate=gate, keep_crops=False if no_crops else None), given
        )
    if name is None or not images:
        raise UsageError(
            "a name and at least one picture are needed", "see `facenet-app enroll --help` for examples"
        )
    from facenet_app.domain import Consent, expiry_time

    agreed = Consent(consent, None if expires is None else expiry_time(expires))
    service = given.service(gate=gate, keep_crops=False if no_crops else None)
    with service.gallery:
        result = service.enroll(name, images, consent=agreed)
    emit(result.to_dict(), _lines(result), as_json=given.json)
    return _exit_code([result])


def _enroll_folders(root: Path, service: "FaceService", given: Given) -> int:
    with service.gallery:
        done = list(_with_progress(service, root, shown=not given.json))
    refused = Counter(each.code for result in done for each in result.refused)
    by_code = "".join(f", {count} {code}" for code, count in sorted(refused.items()))
    people = sum(result.identity is not None for result in done)
    totals = {
        "people": people,
        "samples": sum(len(result.samples) for result in done),
        "refused": refused.total(),
        "refused_by_code": dict(sorted(refused.items())),
    }
    summary = (
        f"in all: {counted(people, 'person', 'people')}, {totals['samples']} stored, "
        f"{refused.total()} refused{by_code}"
    )
    emit({"people": [result.to_dict() for result in done], "totals": totals}, [summary], as_json=given.json)
    return _exit_code(done)


def _with_progress(service: "FaceService", root: Path, *, shown: bool) -> "Iterator[Enrollment]":
    with progress_bar("enrolling", "faces") as report:
        for result in service.enroll_folders(root, report):
            if shown:
                say(f"{result.name}: {len(result.samples)} stored, {len(result.refused)} refused")
                for refused in result.refused:
                    say(f"  refused {refused.source}: {refused.message}")
            yield result


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


def _exit_code(results: "Sequence[Enrollment]") -> int:
    """0 if something was stored or nothing refused, else that of the first refusal's kind."""
    refused = [each.code for result in results for each in result.refused]
    if not refused or any(result.samples for result in results):
        return 0
    return exit_code_of(refused[0])
