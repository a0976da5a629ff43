"""``facenet-app gallery export`` and ``import``: everybody in one archive, and into another gallery."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:  # the command line's help does without all of these
    from facenet_app.gallery.incoming import Incoming
    from facenet_app.gallery.merge import MergePlan, OnConflict

__all__ = ["EXPORT_EXAMPLES", "IMPORT_EXAMPLES", "export", "import_"]

EXPORT_EXAMPLES: Final = examples("gallery export staff.zip", "gallery export staff.zip --force --json")
IMPORT_EXAMPLES: Final = examples(
    "gallery import staff.zip --dry-run",
    "gallery import staff.zip --on-conflict keep-both",
    "gallery import staff.zip --reembed --gallery new.db --model facenet-vggface2",
)

_SHOWN: Final = 20
"""People of whom a dry run says what would happen; JSON has everybody."""

_WORDS: Final = {
    "added": "added",
    "replaced": "replaced",
    "kept_both": "added under another name",
    "skipped": "skipped",
}


@takes("gallery")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write.")],
    given: Given,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it is there.")] = False,
    decrypted: Annotated[
        bool, typer.Option("--decrypted", help="Of an encrypted gallery: write it readable for everybody.")
    ] = False,
) -> int:
    """Write everybody into one archive.

    Names, embeddings and face pictures, with checksums; not encrypted, and nothing in it can be run.
    """
    with given.store(any_model=True) as store, progress_bar("writing", "faces") as report:
        if store.encrypted and not decrypted:
            raise UsageError(
                "the gallery is encrypted, and an archive is not",
                "add --decrypted, or use `facenet-app gallery backup`, which keeps the encryption",
            )
        done = store.export(file, overwrite=force, progress=report)
    people = counted(done.manifest.people, "person", "people")
    lines = [f"{people} with {_samples(done.manifest.samples)} written to {file}"]
    emit({"file": str(file.absolute()), **done.to_dict()}, lines, as_json=given.json)
    return 0


@takes("model", "gallery", "device")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that export wrote.")],
    given: Given,
    on_conflict: Annotated[
        str,
        typer.Option(
            "--on-conflict",
            metavar="RULE",
            help="For people who are there already: skip, replace or keep-both.",
        ),
    ] = "skip",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
    ] = False,
    reembed: Annotated[
        bool,
        typer.Option(
            "--reembed", help="Embed the pictures with the model in use; for another model's archive."
        ),
    ] = False,
) -> int:
    """Bring in everybody of an archive.

    The archive is checked wholly before the gallery is touched; then everybody comes, or nobody.
    """
    from facenet_app.gallery.archive_read import read_archive
    from facenet_app.gallery.archive_zip import StoredZip

    rule = _rule(on_conflict)
    with StoredZip(file) as archive:
        with progress_bar("checking", "faces") as report:
            incoming = read_archive(archive, report)
        if reembed:
            incoming = _embedded(given, incoming)
        plan = _merged(given, incoming, rule, dry_run=dry_run)
    document = {
        "model": incoming.model,
        "dry_run": dry_run,
        **plan.counts(),
        "people": [step.to_dict() for step in plan.steps],
    }
    emit(document, _said(plan, dry_run=dry_run), as_json=given.json)
    return 0


def _rule(name: str) -> "OnConflict":
    from facenet_app.gallery.merge import OnConflict

    try:
        return OnConflict(name)
    except ValueError as error:
        raise UsageError(f"--on-conflict cannot be {name!r}", f"choose {', '.join(OnConflict)}") from error


def _embedded(given: Given, incoming: "Incoming") -> "Incoming":
    """The same people as the model in use embeds them."""
    from facenet_app.gallery.arrivals import embedded_anew
    from facenet_app.reembedding import crop_vectors

    extractor = given.service().extractor
    with progress_bar("embedding", "faces") as report:
        embed = partial(crop_vectors, extractor)
        return embedded_anew(incoming, extractor.model, extractor.fingerprint, embed, report)


def _merged(given: Given, incoming: "Incoming", rule: "OnConflict", *, dry_run: bool) -> "MergePlan":
    from facenet_app.bootstrap import gallery_keys
    from facenet_app.gallery.arrivals import would_merge
    from facenet_app.gallery.opening import is_gallery
    from facenet_app.gallery.store import GalleryStore

    settings = given.settings()
    place = settings.gallery
    new = not is_gallery(place)
    if dry_run and new:
        return would_merge(None, incoming, rule)
    fingerprint = incoming.fingerprint if new else None
    with GalleryStore.open(place, model=incoming.model, fingerprint=fingerprint) as store:
        store.unlock(gallery_keys(settings))
        if dry_run:
            return store.would_merge(incoming, rule)
        with progress_bar("storing", "faces") as report:
            return store.merge_in(incoming, rule, report)


def _said(plan: "MergePlan", *, dry_run: bool) -> Iterator[str]:
    counts = plan.counts()
    would = "would be " if dry_run else ""
    words = {
        "added": "added",
        "replaced": "replaced",
        "kept_both": "added under another name",
        "skipped": "skipped",
    }
    people = ", ".join(f"{counts[key]:,} {would}{word}" for key, word in words.items() if counts[key])
    yield f"{people or 'nobody is in the archive'} ({_samples(counts['samples'])})"
    if counts["duplicates"]:
        yield f"{_samples(counts['duplicates'])} left out: the same picture is enrolled already"
    if dry_run:
        for step in plan.steps[:_SHOWN]:
            renamed = f" as {step.person.name}" if step.person.name != step.came_as else ""
            yield f"  {step.came_as}: {step.action}{renamed}"
        if len(plan.steps) > _SHOWN:
            yield f"  and {len(plan.steps) - _SHOWN:,} more; --json lists them all"


def _samples(number: int) -> str:
    return counted(number, "sample", "samples")
