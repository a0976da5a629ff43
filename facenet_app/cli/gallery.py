"""``facenet-app gallery``: who is enrolled, and looking after it. No model is loaded but for re-embedding.

Who is enrolled can be seen and removed whatever model made the embeddings, with or without its
weights. Nothing here makes a gallery that is not there.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from facenet_app.cli import (
    gallery_archive,
    gallery_backup,
    gallery_check,
    gallery_encryption,
    gallery_privacy,
    gallery_reembed,
)
from facenet_app.cli.asking import agreed, left_alone, may_ask
from facenet_app.cli.copy_lines import copy_lines
from facenet_app.cli.gallery_privacy import MAY_HOLD, consent_line
from facenet_app.cli.options import Given, PersonName, Yes, examples, takes
from facenet_app.cli.run import counted, emit
from facenet_app.errors import IdentityExists

if TYPE_CHECKING:  # the command line's help does without all of these
    from facenet_app.domain import Quality

app = typer.Typer(help="Look after the enrolled people.", rich_markup_mode=None)
app.command("check", epilog=gallery_check.CHECK_EXAMPLES)(gallery_check.check)
app.command("reembed", epilog=gallery_reembed.REEMBED_EXAMPLES)(gallery_reembed.reembed)
app.command("backup", epilog=gallery_backup.BACKUP_EXAMPLES)(gallery_backup.backup)
app.command("export", epilog=gallery_archive.EXPORT_EXAMPLES)(gallery_archive.export)
app.command("import", epilog=gallery_archive.IMPORT_EXAMPLES)(gallery_archive.import_)
app.command("restore", epilog=gallery_backup.RESTORE_EXAMPLES)(gallery_backup.restore)
app.command("salvage", epilog=gallery_backup.SALVAGE_EXAMPLES)(gallery_backup.save_damaged)
app.command("consent", epilog=gallery_privacy.CONSENT_EXAMPLES)(gallery_privacy.consent)
app.command("purge", epilog=gallery_privacy.PURGE_EXAMPLES)(gallery_privacy.purge)
app.command("encrypt", epilog=gallery_encryption.ENCRYPT_EXAMPLES)(gallery_encryption.encrypt)
app.command("rotate-key", epilog=gallery_encryption.ROTATE_EXAMPLES)(gallery_encryption.rotate_key)
app.command("decrypt", epilog=gallery_encryption.DECRYPT_EXAMPLES)(gallery_encryption.decrypt)
app.command("audit", epilog=gallery_privacy.AUDIT_EXAMPLES)(gallery_privacy.audit)


@app.command("list", epilog=examples("gallery list", "gallery list --gallery staff.db --expired --json"))
@takes("gallery")
def list_people(
    given: Given,
    expired: Annotated[bool, typer.Option("--expired", help="Only those whose consent has expired.")] = False,
) -> int:
    """List everybody enrolled, by name."""
    with given.store(any_model=True) as store:
        people = store.expired() if expired else store.identities()
    lines = [f"{person.name}  ({_counted(person.samples)})" for person in people]
    emit(
        {"people": [person.to_dict() for person in people]},
        lines or ["nobody's consent has expired" if expired else "nobody is enrolled yet"],
        as_json=given.json,
    )
    return 0


@app.command("show", epilog=examples('gallery show "Grace Hopper"'))
@takes("gallery")
def show(name: PersonName, given: Given) -> int:
    """Show one person with every sample."""
    with given.store(any_model=True) as store:
        person = store.get(name)
        samples = store.samples(person.id)
    lines = [f"{person.name}  ({_counted(person.samples)}, since {person.enrolled_at:%Y-%m-%d})"]
    if person.consent is not None or person.expires_at is not None:
        lines.append(f"  consent: {consent_line(person)}")
    lines += [
        f"  {sample.id}  {sample.enrolled_at:%Y-%m-%d %H:%M} UTC  {_quality(sample.quality)}"
        for sample in samples
    ]
    document = {"identity": person.to_dict(), "samples": [sample.to_dict() for sample in samples]}
    emit(document, lines, as_json=given.json)
    return 0


@app.command(
    "rename", epilog=examples('gallery rename "G. Hopper" "Grace Hopper"', "gallery rename A B --merge")
)
@takes("gallery")
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The name now.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The name from now on.")],
    given: Given,
    merge: Annotated[
        bool, typer.Option("--merge", help="If NEW is enrolled already, make the two one person.")
    ] = False,
) -> int:
    """Give a person another name."""
    with given.store(any_model=True) as store:
        try:
            person = store.rename(old, new, merge=merge)
        except IdentityExists:
            if not may_ask(given):
                raise
            if not typer.confirm(f"{new!r} is enrolled already. Make the two one person?", err=True):
                return left_alone(given)
            person = store.rename(old, new, merge=True)
    emit(
        {"identity": person.to_dict()},
        [f"{old} is now {person.name} ({_counted(person.samples)})"],
        as_json=given.json,
    )
    return 0


@app.command(
    "remove", epilog=examples('gallery remove "Grace Hopper"', 'gallery remove "Grace Hopper" --yes')
)
@takes("gallery")
def remove(
    name: PersonName,
    given: Given,
    yes: Yes = False,
) -> int:
    """Remove a person for good.

    Every sample, picture and embedding of theirs goes with them. Backups and exports that may still
    hold them are listed.
    """
    from facenet_app.gallery.copies import copies_holding

    with given.store(any_model=True) as store:
        person = store.get(name)
        question = f"Remove {person.name!r} with {_counted(person.samples)} for good?"
        if not agreed(given, question, yes=yes):
            return left_alone(given)
        copies = copies_holding(store, person)
        removed = store.remove(name)
    emit(
        {"removed": removed.to_dict(), "copies": [copy.to_dict() for copy in copies]},
        [f"{removed.name} was removed ({_counted(removed.samples)})", *copy_lines(copies, MAY_HOLD)],
        as_json=given.json,
    )
    return 0


def _quality(quality: "Quality") -> str:
    if quality.eye_distance is None or quality.sharpness is None:
        return "imported without a picture"
    return f"eyes {quality.eye_distance:.0f} pixels apart, sharpness {quality.sharpness:.1f}"


def _counted(samples: int) -> str:
    return counted(samples, "sample", "samples")
