"""``facenet-app gallery backup``, ``restore`` and ``salvage``: a copy of the gallery, and back again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from facenet_app.cli.asking import agreed, left_alone
from facenet_app.cli.options import Given, Yes, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit

if TYPE_CHECKING:
    from facenet_app.gallery.salvage import Loss

__all__ = ["BACKUP_EXAMPLES", "RESTORE_EXAMPLES", "SALVAGE_EXAMPLES", "backup", "restore", "save_damaged"]

BACKUP_EXAMPLES: Final = examples(
    "gallery backup staff-2026-11-21.db", "gallery backup /mnt/backup/staff.db --force --json"
)
RESTORE_EXAMPLES: Final = examples(
    "gallery restore staff-2026-11-21.db", "gallery restore staff.db --gallery new.db --yes"
)
SALVAGE_EXAMPLES: Final = examples(
    "gallery salvage saved.db", "gallery salvage saved.db --gallery damaged.db --json"
)

_WORDS: Final = {
    "person": "cannot be read, or only in part",
    "sample": "{n} cannot be read",
    "sample_of_nobody": "{n} whose owner cannot be read",
    "crop": "{n} saved without the picture",
    "operating_point": "{n} cannot be read",
}


@takes("gallery")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    given: Given,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it is there.")] = False,
) -> int:
    """Copy the gallery into a file while others use it.

    The copy is read wholly before it gets its name.
    """
    from facenet_app.gallery.backup import back_up

    with progress_bar("copying", "pages") as report:
        copied = back_up(given.gallery_file(), file, overwrite=force, progress=report)
    lines = [f"{_held(copied.people, copied.samples)} copied to {file}"]
    lines += [f"{each.code}: {each.message}, in the gallery and so in the copy" for each in copied.damaged]
    emit({"file": str(file.absolute()), **copied.to_dict()}, lines, as_json=given.json)
    return 0


@takes("gallery")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that backup or salvage wrote.")],
    given: Given,
    discard: Annotated[
        bool, typer.Option("--discard", help="Do not keep the gallery that is replaced.")
    ] = False,
    yes: Yes = False,
) -> int:
    """Put a backup in the place of the gallery.

    The backup is read wholly before anything is touched. The gallery before is kept beside it.
    """
    from facenet_app.gallery.restore import restore_gallery

    gallery = given.gallery_file()
    question = f"Replace the gallery {gallery} by {file}{'' if not discard else ', for good'}?"
    if gallery.exists() and not agreed(given, question, yes=yes):
        return left_alone(given)
    with progress_bar("copying", "pages") as report:
        restored = restore_gallery(gallery, file, keep=not discard, progress=report)
    lines = [f"{_held(restored.held.people, restored.held.samples)} restored from {file}"]
    if restored.replaced is not None:
        lines.append(f"the gallery before is kept in {restored.replaced}")
    emit(restored.to_dict(), lines, as_json=given.json)
    return 0


@takes("gallery")
def save_damaged(
    file: Annotated[Path, typer.Argument(metavar="NEW", help="The new gallery to write.")],
    given: Given,
    force: Annotated[bool, typer.Option("--force", help="Overwrite NEW if it is there.")] = False,
) -> int:
    """Save what can be read of a damaged gallery.

    It goes into a new gallery, checked value by value; the damaged file stays as it is.
    """
    from facenet_app.bootstrap import gallery_keys
    from facenet_app.gallery.salvage import salvage

    keys = gallery_keys(given.settings())
    done = salvage(given.gallery_file(), file, overwrite=force, keys=keys)
    lines = [f"{_held(done.people, done.samples)} saved in {file}"]
    if done.losses:
        lines += ["lost, as far as is known:", *map(_lost, done.losses)]
    else:
        lines.append("nothing is known to be lost")
    lines.append(f"look at it with `facenet-app gallery check --gallery {file}`, then restore it")
    emit({"file": str(file.absolute()), **done.to_dict()}, lines, as_json=given.json)
    return 0


def _lost(loss: "Loss") -> str:
    what = counted(loss.count, "sample", "samples") if "operating" not in loss.code else "operating points"
    said = _WORDS[loss.code].format(n=what)
    return f"  {loss.name or ('somebody' if loss.code == 'person' else 'unknown')}: {said}"


def _held(people: int, samples: int) -> str:
    return f"{counted(people, 'person', 'people')} with {counted(samples, 'sample', 'samples')}"
