"""The audit trail: who did what; an edit, a gap and a cut show."""

import os
import pwd
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.domain import AuditEntry, Consent, OperatingPoint, Rate
from facenet_app.domain.audit import NO_HEAD
from facenet_app.errors import DuplicateSample, IdentityNotFound
from facenet_app.gallery.actor import acting_as
from facenet_app.gallery.audit import broken_chain
from facenet_app.gallery.basis import UNGATED
from facenet_app.gallery.store import GalleryStore

LATER = datetime.now(UTC) + timedelta(days=1)


def point() -> OperatingPoint:
    rate = Rate(1, 100, 0.001, 0.02)
    return OperatingPoint(1.0, FINGERPRINT, 1e-3, rate, rate, "ours")


def consent(store: GalleryStore) -> None:
    store.set_consent("Anna", Consent("form 12", LATER))


ACTIONS: dict[str, Callable[[GalleryStore], object]] = {
    "enroll": lambda store: store.add("Cleo", [draft(3), draft(4)]),
    "enroll_ungated": lambda store: store.add("Cleo", [draft(3), draft(4)], basis=UNGATED),
    "rename": lambda store: store.rename("Anna", "Anne"),
    "merge": lambda store: store.rename("Anna", "Bea", merge=True),
    "remove": lambda store: store.remove("Anna"),
    "consent": consent,
    "calibrate": lambda store: store.set_operating_points([point()]),
    "reembed": lambda store: store.reembed("net-b", "net-b:1", embed_differently),
}


@pytest.fixture
def two(store: GalleryStore) -> GalleryStore:
    store.add("Anna", [draft(1)])
    store.add("Bea", [draft(2)])
    return store


@pytest.mark.parametrize("action", ACTIONS)
def test_every_change_is_written_down_in_one_entry(two: GalleryStore, action: str) -> None:
    before, revision = two.audit(), two.revision()
    ids = {who.name: who.id for who in two.identities()}
    ACTIONS[action](two)
    assert two.revision() > revision  # re-embedding keeps what is done on the way
    after = two.audit()
    (entry,) = after.entries[len(before.entries) :]
    assert entry.action == action
    assert after.head == entry.digest != before.head
    assert after.faults == ()
    ids |= {who.name: who.id for who in two.identities()}
    about = {"enroll": "Cleo", "enroll_ungated": "Cleo", "calibrate": "", "reembed": ""}
    assert entry.identity_id == ids.get(about.get(action, "Anna"))
    assert entry.other_id == (ids["Bea"] if action == "merge" else None)
    assert entry.samples == {"enroll": 2, "enroll_ungated": 2, "merge": 1, "remove": 1, "reembed": 2}.get(
        action
    )


def test_who_and_when(store: GalleryStore) -> None:
    start = datetime.now(UTC)
    with acting_as("key:front-door\u202e", "request-7"):
        store.add("Anna", [draft(1)])
    store.add("Bea", [draft(2)])
    *_, first, second = store.audit().entries
    assert (first.actor, first.request_id) == ("key:front-door", "request-7")
    assert second.actor == f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    assert second.request_id is None
    assert start <= first.at <= second.at <= datetime.now(UTC)


def test_no_name_is_in_the_trail(two: GalleryStore) -> None:
    two.rename("Anna", "Anne")
    document = str(two.audit().to_dict())
    assert not [name for name in ("Anna", "Anne", "Bea", "anna") if name in document]


def test_what_failed_is_not_in_the_trail(two: GalleryStore) -> None:
    before = two.audit()
    with pytest.raises(DuplicateSample):
        two.add("Cleo", [draft(1)])
    with pytest.raises(IdentityNotFound):
        two.remove("Nobody")
    assert two.audit() == before


def raw(path: Path, *statements: str, guarded: bool = False) -> None:
    """What somebody with an editor for databases does; the triggers stop nobody who drops them."""
    with closing(sqlite3.connect(path)) as connection:
        if not guarded:
            connection.execute("DROP TRIGGER audit_no_update")
            connection.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit SET actor = 'somebody else' WHERE number = 2", "the entry 2 was changed"),
        ("UPDATE audit SET at = '2020-01-01 00:00:00' WHERE number = 2", "the entry 2 was changed"),
        ("UPDATE audit SET samples = 9 WHERE number = 2", "the entry 2 was changed"),
        ("UPDATE audit SET source_sha256 = 'x' WHERE number = 2", "the entry 2 was changed"),
        (f"UPDATE audit SET digest = '{NO_HEAD}' WHERE number = 2", "the entry 2 was changed"),
        ("DELETE FROM audit WHERE number = 2", "the entries 2 to 2 are missing"),
        ("DELETE FROM audit WHERE number <= 2", "the entries 1 to 2 are missing"),
        ("DELETE FROM audit WHERE number >= 2", "the entries after 1 are missing, up to 3"),
        ("DELETE FROM audit", "the entries after 0 are missing"),
        ("UPDATE gallery SET audit_entries = 2, audit_head = 'x'", "does not end with"),
    ],
)
def test_tampering_shows(two: GalleryStore, path: Path, statement: str, says: str) -> None:
    two.remove("Bea")
    assert len(two.audit().entries) == 3
    raw(path, statement)
    trail = two.audit()
    assert says in " ".join(trail.faults)
    assert trail.to_dict()["intact"] is False
    assert "broken_audit" in [finding.code for finding in two.check()]


def test_programs_cannot_change_it_by_mistake(two: GalleryStore, path: Path) -> None:
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="can only be added to"):
            raw(path, statement, guarded=True)
    assert two.audit().faults == ()


def test_another_process_goes_on_with_the_chain(two: GalleryStore, path: Path) -> None:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as other:
        other.add("Cleo", [draft(5)])
        two.add("Dora", [draft(6)])
        other.remove("Dora")
    trail = two.audit()
    assert [entry.number for entry in trail.entries] == [1, 2, 3, 4, 5]
    assert trail.faults == ()


def chain(length: int) -> list[AuditEntry]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        fields = (start + timedelta(seconds=number), "os:ada", "enroll", "0" * 32, None, number, None)
        entry = AuditEntry(number, *fields, digest="")
        previous = entries[-1].digest if entries else NO_HEAD
        entries.append(replace(entry, digest=entry.follows(previous)))
    return entries


@given(length=st.integers(1, 8), data=st.data())
def test_any_entry_changed_left_out_or_swapped_shows(length: int, data: st.DataObject) -> None:
    entries = chain(length)
    head = entries[-1].digest
    assert broken_chain(entries, length, head) == []
    place = data.draw(st.integers(0, length - 1))
    changed = replace(entries[place], actor=data.draw(st.text().filter(lambda actor: actor != "os:ada")))
    assert broken_chain([*entries[:place], changed, *entries[place + 1 :]], length, head)
    assert broken_chain([*entries[:place], *entries[place + 1 :]], length, head)
    if place:
        first, second = entries[place - 1], entries[place]
        swapped = [replace(second, number=first.number), replace(first, number=second.number)]
        assert broken_chain([*entries[: place - 1], *swapped, *entries[place + 1 :]], length, head)


def test_a_digest_by_hand() -> None:
    """So that anybody can verify a trail without this program."""
    import hashlib
    import json

    (entry,) = chain(1)
    said = [NO_HEAD, 1, "2026-01-01T00:00:01.000000+00:00", "os:ada", "enroll", "0" * 32, None, 1, None]
    assert entry.digest == hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
