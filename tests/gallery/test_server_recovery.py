"""A server that dies while it keeps a change: nobody is told that it was kept."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from drafts import FINGERPRINT, MODEL, draft
from server import Server
from server_crashes import MortalServer, mortal_server
from sqlalchemy import Connection, event, text

from facenet_app.domain import ServerUrl
from facenet_app.domain.audit import NO_HEAD
from facenet_app.gallery.server_outcome import was_committed
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres


@pytest.fixture
def mortal(server: Server) -> Iterator[MortalServer]:  # where none can be started, this one is skipped, too
    with (
        TemporaryDirectory(prefix="facenet-pg-") as folder,  # its path is short enough for a socket
        mortal_server(Path(folder) / "server") as started,
    ):
        yield started


def test_a_change_that_died_with_the_server_is_made_again(mortal: MortalServer) -> None:
    """Somebody else is faster after the recovery, and their transaction gets its number."""

    def opened() -> GalleryStore:
        return GalleryStore.open(mortal.address, model=MODEL, fingerprint=FINGERPRINT)

    def die(_: Connection) -> None:
        mortal.kill()
        mortal.start_again()
        with opened() as other:
            other.add("Cleo", [draft(3)])

    with opened() as store:
        store.add("Anna", [draft(1)])
        event.listen(store._database._writer, "commit", die, once=True)
        store.add("Bea", [draft(2)])
        assert [person.name for person in store.identities()] == ["Anna", "Bea", "Cleo"]
        assert store.revision() == 3
        assert store.check() == []


def test_a_transaction_that_the_server_knows_nothing_of_was_not_kept(url: ServerUrl) -> None:
    """It died with the server, and nobody has written since."""
    now = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
    to_come = text(f"SELECT CAST({now} + 1000 AS text) AS number, 0 AS backend")
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        begun = store._database.write(lambda connection: connection.execute(to_come).one())
        assert was_committed(store._database._writer, begun, NO_HEAD, 10) is False
