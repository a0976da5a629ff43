"""What privacy asks of a gallery on a PostgreSQL server."""

from datetime import UTC, datetime, timedelta

import pytest
from drafts import FINGERPRINT, MODEL, draft, embedding
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from facenet_app.domain import Consent, ServerUrl
from facenet_app.errors import GalleryError
from facenet_app.gallery.keys import GalleryKeys
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_encryption_is_refused_and_says_what_to_do(url: ServerUrl) -> None:
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.unlock(GalleryKeys(passphrase="correct horse battery"))  # is not needed, and does no harm
        store.add("Anna", [draft(1)])
        with pytest.raises(
            GalleryError, match=r"have to read the embeddings; encrypt the disk of the server"
        ):
            store.encrypt(GalleryKeys(passphrase="correct horse battery"))
        assert (store.encrypted, store.get("Anna").samples) == (False, 1)


def test_consent_ends_and_is_purged(url: ServerUrl) -> None:
    now = [START]
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, clock=lambda: now[0]) as store:
        store.add("Anna", [draft(1), draft(2)], Consent("form 12", START + DAY))
        store.add("Bea", [draft(3)])
        assert [each.name for each in store.index().search(embedding(1), 9)] == ["Anna", "Bea"]
        now[0] = START + DAY
        assert [each.name for each in store.index().search(embedding(1), 9)] == ["Bea"]
        (gone,) = store.purge()
        assert (gone.name, gone.consent, gone.expires_at) == ("Anna", "form 12", START + DAY)
        assert [who.name for who in store.identities()] == ["Bea"]
        assert [entry.action for entry in store.audit().entries] == ["enroll", "enroll", "purge"]
        assert store.check() == []


def test_the_audit_trail_can_only_be_added_to_and_shows_an_edit(url: ServerUrl) -> None:
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1)])
        store.add("Bea", [draft(2)])
        for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
            with (
                pytest.raises(DBAPIError, match="can only be added to"),
                store._database._writer.begin() as raw,
            ):
                raw.execute(text(statement))
        assert store.audit().faults == ()
        with store._database._writer.begin() as raw:
            raw.execute(text("DROP TRIGGER audit_append_only ON audit"))
            raw.execute(text("UPDATE audit SET actor = 'x' WHERE number = 1"))
        assert store.audit().faults == ("the entry 1 was changed, or the one before it",)
