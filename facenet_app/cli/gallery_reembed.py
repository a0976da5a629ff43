"""``facenet-app gallery reembed``: another model for everybody, or a look at what it would change."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit
from facenet_app.errors import ModelError

if TYPE_CHECKING:  # the command line's help does without all of these
    from facenet_app.domain import Changeover, OperatingPoint, PersonChange

__all__ = ["REEMBED_EXAMPLES", "changeover_lines", "reembed"]

REEMBED_EXAMPLES: Final = examples("gallery reembed --model sface", "gallery reembed --model sface --dry-run")

_SHOWN: Final = 20
"""People on a terminal."""


@takes("model", "gallery", "device")
def reembed(
    given: Given,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how decisions would change, and change none.")
    ] = False,
) -> int:
    """Embed everybody anew with another model.

    The model is that of --model or FACENET_APP_MODEL; the stored face pictures are used. Stopped and run
    again, it goes on where it was; who searches meanwhile finds everybody by the old model.
    """
    service = given.service()
    model, fingerprint = service.extractor.model, service.extractor.fingerprint
    if dry_run:
        points = _points(given)
        with progress_bar("embedding", "faces") as report:
            changeover = service.try_reembedding(points, report)
        emit(changeover.to_dict(), changeover_lines(changeover), as_json=given.json)
        return 0
    with progress_bar("embedding", "faces") as report:
        count = service.reembed(report)
    emit(
        {"samples": count, "model": model, "fingerprint": fingerprint},
        [f"{counted(count, 'sample', 'samples')} embedded with {model}"],
        as_json=given.json,
    )
    return 0


def _points(given: Given) -> "tuple[OperatingPoint, ...]":
    """Those measured for the gallery's model as it is."""
    from facenet_app.bootstrap import measured_points

    with given.store(any_model=True) as store:
        model, fingerprint = store.model, store.fingerprint
    try:
        return measured_points(given.settings().model_copy(update={"model": model}), fingerprint)
    except ModelError:  # the model is not here any more; the gallery may have points of its own
        return ()


def changeover_lines(changeover: "Changeover") -> Iterator[str]:
    """What people read of it: a table of counts, then those for whom something changes."""
    before, after = changeover.before, changeover.after
    number = counted(changeover.samples, "sample", "samples")
    yield f"{number}, each presented to a gallery of all the others:"
    rows = [
        ("", before.model, after.model),
        ("threshold", f"{before.threshold:.3f}", f"{after.threshold:.3f}"),
        ("recognized", f"{before.recognized:,}", f"{after.recognized:,}"),
        ("missed", f"{before.missed:,}", f"{after.missed:,}"),
        ("taken for somebody else", f"{before.confused:,}", f"{after.confused:,}"),
        ("unknown, and no other sample", f"{before.unknown:,}", f"{after.unknown:,}"),
    ]
    wide = max(len(column) for row in rows for column in row[1:])
    yield from (f"  {what:30}{old:>{wide + 2}}{new:>{wide + 2}}" for what, old, new in rows)
    if not changeover.people:
        yield "nothing would change for anybody"
    for person in changeover.people[:_SHOWN]:
        yield f"{person.name}: {', '.join(_changes(person))}"
    if len(changeover.people) > _SHOWN:
        yield f"{len(changeover.people) - _SHOWN:,} more people; see all of them with --json"


def _changes(person: "PersonChange") -> Iterator[str]:
    if person.newly_confused:
        yield f"{len(person.newly_confused)} newly taken for {' or '.join(person.confused_with)}"
    if person.newly_missed:
        yield f"{len(person.newly_missed)} newly missed"
    if person.newly_recognized:
        yield f"{len(person.newly_recognized)} newly recognized"
    if person.no_longer_confused:
        yield f"{len(person.no_longer_confused)} no longer taken for somebody else"
