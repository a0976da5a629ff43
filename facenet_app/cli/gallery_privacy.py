"""``facenet-app gallery consent``, ``purge`` and ``audit``: what people agreed to, and who did what."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from facenet_app.cli.asking import agreed, left_alone
from facenet_app.cli.copy_lines import copy_lines
from facenet_app.cli.options import Given, PersonName, Yes, examples, takes
from facenet_app.cli.run import counted, emit
from facenet_app.errors import UsageError

if TYPE_CHECKING:
    from facenet_app.domain import AuditTrail, Identity

__all__ = [
    "AUDIT_EXAMPLES",
    "CONSENT_EXAMPLES",
    "MAY_HOLD",
    "PURGE_EXAMPLES",
    "audit",
    "consent",
    "consent_line",
    "purge",
]

MAY_HOLD: Final = "they may still be in these copies, which you have to delete or replace yourself:"

CONSENT_EXAMPLES: Final = examples(
    'gallery consent "Grace Hopper" --note "signed form 12" --expires 2027-11-21',
    'gallery consent "Grace Hopper" --forever',
)
PURGE_EXAMPLES: Final = examples("gallery purge --dry-run", "gallery purge --yes")
AUDIT_EXAMPLES: Final = examples("gallery audit", "gallery audit --last 20 --json")


@takes("gallery")
def consent(
    name: PersonName,
    given: Given,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="What the person agreed to, and where it is.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DATE", help="From this day on (UTC) the person is never found."),
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Take the date away.")] = False,
) -> int:
    """Note what a person agreed to, and until when.

    Without an option it shows what was noted.
    """
    from facenet_app.domain import Consent, expiry_time

    if forever and expires is not None:
        raise UsageError("--forever and --expires exclude each other", "give one of them")
    agreed_to = Consent(note, None if expires is None else expiry_time(expires))
    with given.store(any_model=True) as store:
        if agreed_to == Consent() and not forever:
            person = store.get(name)
        else:
            person = store.set_consent(name, agreed_to, forever=forever)
    emit({"identity": person.to_dict()}, [f"{person.name}: {consent_line(person)}"], as_json=given.json)
    return 0


@takes("gallery")
def purge(
    given: Given,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would be removed.")] = False,
    yes: Yes = False,
) -> int:
    """Remove everybody whose consent has expired, for good.

    No search has found them since that day; this takes their samples, pictures and embeddings away.
    Backups and exports that may still hold them are listed.
    """
    from facenet_app.gallery.copies import GalleryCopy, copies_holding

    copies: set[GalleryCopy] = set()
    with given.store(any_model=True) as store:
        gone = store.expired()
        if gone and not dry_run:
            people = counted(len(gone), "person", "people")
            if not agreed(given, f"Remove {people} whose consent has expired, for good?", yes=yes):
                return left_alone(given)
            copies = {copy for person in gone for copy in copies_holding(store, person)}
            gone = store.purge()
    found = sorted(copies, key=lambda copy: copy.made_at)
    document = {
        "dry_run": dry_run,
        "removed": [person.to_dict() for person in gone],
        "copies": [copy.to_dict() for copy in found],
    }
    lines = [*_removed(gone, dry_run=dry_run), *copy_lines(found, MAY_HOLD)]
    emit(document, lines, as_json=given.json)
    return 0


@takes("gallery")
def audit(
    given: Given,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="Show the last N entries only.")
    ] = None,
) -> int:
    """Show who changed what and when, and whether nobody has changed that.

    Exit code 5 if an entry was changed or is missing.
    """
    with given.store(any_model=True) as store:
        trail = store.audit()
    shown = trail.entries if last is None else trail.entries[-last:]
    document = {**trail.to_dict(), "entries": [entry.to_dict() for entry in shown]}
    emit(document, _entries(trail, len(shown)), as_json=given.json)
    return 5 if trail.faults else 0


def consent_line(person: "Identity") -> str:
    """What a person agreed to, in words."""
    end = "no end" if person.expires_at is None else f"until {person.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"{person.consent or 'no note of a consent'}, {end}"


def _removed(gone: "list[Identity]", *, dry_run: bool) -> Iterator[str]:
    if not gone:
        yield "nobody's consent has expired"
    for person in gone:
        assert person.expires_at is not None
        done = "would be removed" if dry_run else "was removed"
        yield f"{person.name} {done} (expired on {person.expires_at:%Y-%m-%d})"


def _entries(trail: "AuditTrail", shown: int) -> Iterator[str]:
    for entry in trail.entries[len(trail.entries) - shown :]:
        words = [f"{entry.number:6}", f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.action]
        if entry.identity_id is not None:
            words.append(entry.identity_id)
        if entry.other_id is not None:
            words.append(f"into {entry.other_id}")
        if entry.samples is not None:
            words.append(f"({counted(entry.samples, 'sample', 'samples')})")
        if entry.source_sha256 is not None:
            words.append(f"from the file with SHA-256 {entry.source_sha256}")
        if entry.request_id is not None:
            words.append(f"request {entry.request_id}")
        yield "  ".join(words)
    yield from (f"warning: {fault}" for fault in trail.faults)
    whole = "not whole" if trail.faults else "whole"
    yield f"the trail is {whole}: {counted(len(trail.entries), 'entry', 'entries')}, head {trail.head}"
