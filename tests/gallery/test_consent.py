"""Consent and its end: a person who has expired is never found, and purging removes them wholly."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL, draft, embedding

from facenet_app.domain import Consent, expiry_time
from facenet_app.errors import ConsentExpired, IdentityNotFound, UsageError
from facenet_app.gallery.store import GalleryStore

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(path: Path, clock: Clock) -> Iterator[GalleryStore]:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT, clock=clock) as store:
        yield store


def found(store: GalleryStore) -> list[str]:
    return sorted(each.name for each in store.index().search(embedding(1), 99))


def test_a_person_is_found_until_the_consent_ends(timed: GalleryStore, clock: Clock) -> None:
    anna, _ = timed.add("Anna", [draft(1)], Consent("form 12", START + DAY))
    timed.add("Bea", [draft(2)])
    assert (anna.consent, anna.expires_at) == ("form 12", START + DAY)
    assert anna.to_dict()["expires_at"] == "2026-11-22T12:00:00+00:00"
    assert found(timed) == ["Anna", "Bea"]
    clock.now = START + DAY - timedelta(microseconds=1)
    assert (found(timed), timed.expired()) == (["Anna", "Bea"], [])
    clock.now = START + DAY
    assert (found(timed), timed.index().people, timed.index().samples) == (["Bea"], 1, 1)
    assert timed.expired() == [timed.get("Anna")]  # still there to be looked at


def test_one_after_another(timed: GalleryStore, clock: Clock) -> None:
    for days, name in ((3, "Cleo"), (1, "Anna"), (2, "Bea")):
        timed.add(name, [draft(days)], Consent(expires_at=START + days * DAY))
    seen = [found(timed)]
    for day in (1, 2, 3):
        clock.now = START + day * DAY
        seen.append(found(timed))
    assert seen == [["Anna", "Bea", "Cleo"], ["Bea", "Cleo"], ["Cleo"], []]


def test_whoever_opens_the_gallery_later_finds_nobody_who_has_expired(
    timed: GalleryStore, clock: Clock, path: Path
) -> None:
    timed.add("Anna", [draft(1)], Consent(expires_at=START + DAY))
    later = Clock()
    later.now = START + 2 * DAY
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT, clock=later) as other:
        assert found(other) == []
    assert found(timed) == ["Anna"]


def test_a_new_date_in_another_process_lets_the_person_be_found_again(
    timed: GalleryStore, clock: Clock, path: Path
) -> None:
    timed.add("Anna", [draft(1)], Consent("form 12", START + DAY))
    clock.now = START + 2 * DAY
    assert found(timed) == []
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT, clock=clock) as other:
        renewed = other.set_consent("anna", Consent(expires_at=clock.now + DAY))
    assert (renewed.consent, renewed.expires_at) == ("form 12", clock.now + DAY)
    assert found(timed) == ["Anna"]
    clock.now += 2 * DAY
    assert found(timed) == []
    assert timed.set_consent("Anna", Consent("form 13"), forever=True).expires_at is None
    assert timed.get("Anna").consent == "form 13"
    assert found(timed) == ["Anna"]


def test_nothing_is_added_to_an_expired_person_without_a_new_date(timed: GalleryStore, clock: Clock) -> None:
    timed.add("Anna", [draft(1)], Consent("form 12", START + DAY))
    timed.add("Anna", [draft(2)])  # keeps what was agreed
    clock.now = START + DAY
    with pytest.raises(ConsentExpired, match=r"'Anna' expired on 2026-11-22; .*--expires.*purge"):
        timed.add("Anna", [draft(3)], Consent("form 13"))
    assert timed.get("Anna").samples == 2
    anna, _ = timed.add("Anna", [draft(3)], Consent(expires_at=clock.now + DAY))
    assert (anna.samples, anna.consent) == (3, "form 12")
    assert found(timed) == ["Anna"]


def test_a_date_that_has_passed_is_refused_and_changes_nothing(timed: GalleryStore) -> None:
    revision = timed.revision()
    with pytest.raises(UsageError, match="expired on 2026-11-21 already"):
        timed.add("Anna", [draft(1)], Consent(expires_at=START))
    assert (timed.identities(), timed.revision()) == ([], revision)
    timed.add("Anna", [draft(1)])
    with pytest.raises(UsageError, match="already"):
        timed.set_consent("Anna", Consent(expires_at=START - DAY))
    with pytest.raises(IdentityNotFound):
        timed.set_consent("Nobody", Consent("form"))


def test_purging_removes_whom_it_should_and_leaves_nothing(
    timed: GalleryStore, clock: Clock, path: Path
) -> None:
    timed.add("Expired-Anna", [draft(1), draft(2)], Consent("note-of-anna", START + DAY))
    timed.add("Expired-Bea", [draft(3)], Consent(expires_at=START + DAY))
    timed.add("Cleo", [draft(4)], Consent(expires_at=START + 9 * DAY))
    timed.add("Dora", [draft(5)])
    assert timed.purge() == []
    clock.now = START + DAY
    gone = timed.expired()
    assert sorted(who.name for who in gone) == ["Expired-Anna", "Expired-Bea"]
    assert timed.purge() == gone
    assert [who.name for who in timed.identities()] == ["Cleo", "Dora"]
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    secrets = [b"Expired-", b"expired-", b"note-of-anna", draft(1).embedding.vector.tobytes()]
    assert [secret for secret in secrets if secret in left] == []
    entries = timed.audit().entries[-2:]
    assert [(entry.action, entry.identity_id, entry.samples) for entry in entries] == [
        ("purge", who.id, who.samples) for who in gone
    ]
    assert (timed.purge(), timed.check()) == ([], [])


def test_merging_keeps_the_earlier_end(timed: GalleryStore) -> None:
    timed.add("Anna", [draft(1)], Consent("form 1", START + DAY))
    timed.add("Bea", [draft(2)], Consent(None, START + 2 * DAY))
    timed.add("Cleo", [draft(3)], Consent("form 3"))
    bea = timed.rename("Anna", "Bea", merge=True)
    assert (bea.consent, bea.expires_at) == ("form 1", START + DAY)
    cleo = timed.rename("Bea", "Cleo", merge=True)
    assert (cleo.consent, cleo.expires_at) == ("form 3", START + DAY)


def test_notes(timed: GalleryStore) -> None:
    timed.add("Anna", [draft(1)], Consent("  signed\tform  12/b "))
    assert timed.get("Anna").consent == "signed form 12/b"
    for note in ("x" * 501, "two\nlines", "bell\a", "\u202eevil"):
        with pytest.raises(UsageError, match="note"):
            timed.set_consent("Anna", Consent(note))
    assert timed.get("Anna").consent == "signed form 12/b"


def test_days_and_times() -> None:
    midnight = datetime(2027, 11, 21, tzinfo=UTC)
    berlin = timezone(timedelta(hours=1))
    assert expiry_time("2027-11-21") == expiry_time(date(2027, 11, 21)) == midnight
    assert expiry_time("2027-11-21T01:00:00+01:00") == expiry_time(midnight.astimezone(berlin)) == midnight
    for nonsense in ("tomorrow", "2027-13-01", "21.11.2027", "", "2027-11-21T00:00:00"):
        with pytest.raises(UsageError):
            expiry_time(nonsense)
