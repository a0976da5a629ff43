"""``facenet-app gallery export`` and ``import``: everybody in one archive, and into another gallery."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import counted, emit
from facenet_app.errors import ModelMismatch, UsageError

if TYPE_CHECKING:  # the command line's help does without all of these
    from facenet_app.gallery.incoming import Incoming
    from facenet_app.gallery.merge import MergePlan, OnConflict

__all__ = ["EXPORT_EXAMPLES", "IMPORT_EXAMPLES", "export", "import_"]

EXPORT_EXAMPLES: Final = examples("gallery export staff.zip", "gallery export staff.zip --force --json")
IMPORT_EXAMPLES: Final = examples(
    "gallery import staff.zip --dry-run",
    "gallery import staff.zip --on-conflict keep-both",
    "gallery import staff.zip --reembed --gallery new.db --model facenet-vggface2",
    "gallery import faces.npz --model sface",
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
def import_(  # noqa: PLR0913, PLR0917 (Typer reads the options from the signature)
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="What export wrote; or .npz, .npy with embeddings."),
    ],
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
    names: Annotated[
        Path | None, typer.Option("--names", metavar="FILE", help="For .npy: text with a name a line.")
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", metavar="ID", help="For .npz and .npy: of the model that made them."),
    ] = None,
) -> int:
    """Bring in everybody of an archive.

    The archive is checked wholly before the gallery is touched; then everybody comes, or nobody.
    """
    rule = _rule(on_conflict)
    with _opened(given, file, _Stated(names, fingerprint)) as found:
        incoming = _embedded(given, found) if reembed else found
        plan = _merged(given, incoming, rule, dry_run=dry_run)
    document = {
        "model": incoming.model,
        "dry_run": dry_run,
        **plan.counts(),
        "people": [step.to_dict() for step in plan.steps],
    }
    emit(document, _said(plan, dry_run=dry_run), as_json=given.json)
    return 0


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the user says of a file of embeddings, which says nothing of itself."""

    names: Path | None
    fingerprint: str | None


@contextmanager
def _opened(given: Given, file: Path, stated: _Stated) -> "Iterator[Incoming]":
    """Everybody in a file, checked."""
    from facenet_app.gallery.archive_read import read_archive
    from facenet_app.gallery.archive_zip import StoredZip
    from facenet_app.gallery.encodings import ENCODINGS_SUFFIXES, read_encodings

    if file.suffix.lower() in ENCODINGS_SUFFIXES:
        yield read_encodings(file, stated.names, *_model_of(given, stated))
        return
    if stated != _Stated(None, None):
        raise UsageError("--names and --fingerprint are for .npy and .npz files", "leave them out")
    with StoredZip(file) as archive:
        with progress_bar("checking", "faces") as report:
            incoming = read_archive(archive, report)
        yield incoming


def _model_of(given: Given, stated: _Stated) -> tuple[str, str]:
    """Id and fingerprint of the model that made embeddings, as the user says."""
    from facenet_app.embedding.embedder import embedding_fingerprint
    from facenet_app.weights.manifest import load_manifest

    settings = given.settings()
    manifest = load_manifest(settings.model, settings.models)
    in_use = embedding_fingerprint(manifest, settings)
    if stated.fingerprint is None and given.model is None:
        raise UsageError(
            "the file does not say which model made its embeddings",
            f"add --model ID or --fingerprint ({manifest.id} has {in_use})",
        )
    if stated.fingerprint not in (None, in_use):
        raise ModelMismatch(
            f"embeddings of {stated.fingerprint} are none of the model in use ({manifest.id}, {in_use})",
            "choose the model that made them with --model, and its settings",
        )
    return manifest.id, in_use


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
