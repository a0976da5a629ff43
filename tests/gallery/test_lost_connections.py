"""Connections that are lost, servers that are away, writers that undo each other: a change is made
wholly and once, or not at all and said so.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cutting_proxy import Cut, CuttingProxy
from drafts import FINGERPRINT, MODEL, draft, embedding
from server import Server
from sqlalchemy import Connection, text

from facenet_app.domain import ServerUrl, ServerUse
from facenet_app.errors import GalleryError
from facenet_app.gallery import postgres_database
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres

MANY = 20
"""More cuts than there are attempts."""


@pytest.fixture
def proxy(server: Server) -> Iterator[CuttingProxy]:
    made = CuttingProxy(Path(server.folder) / ".s.PGSQL.5432")
    yield made
    made.close()


@pytest.fixture
def far(proxy: CuttingProxy, url: ServerUrl) -> Iterator[GalleryStore]:
    """A gallery behind the proxy, with one person."""
    with GalleryStore.open(proxy.address(url), model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1)])
        yield store


@pytest.fixture
def near(far: GalleryStore, url: ServerUrl) -> Iterator[GalleryStore]:
    """The same gallery without the proxy."""
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        yield store


def people(store: GalleryStore) -> dict[str, int]:
    return {person.name: person.samples for person in store.identities()}


@pytest.mark.parametrize("cut", list(Cut))
@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_lost_at_the_commit(
    far: GalleryStore, near: GalleryStore, proxy: CuttingProxy, cut: Cut, times: int
) -> None:
    proxy.plan = [cut] * times
    revision = near.revision()
    person, samples = far.add("Bea", [draft(2), draft(3)])
    assert people(near) == {"Anna": 1, "Bea": 2}
    assert near.samples(person.id)[0].id == samples[0].id
    assert near.revision() == revision + 1
    assert near.check() == []
    assert near.index().samples == 3


@pytest.mark.parametrize("word", [b"UPDATE gallery", b"INSERT INTO samples", b"INSERT INTO centroids"])
@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.SILENT])
def test_a_connection_lost_in_the_middle(
    far: GalleryStore, near: GalleryStore, proxy: CuttingProxy, word: bytes, cut: Cut
) -> None:
    proxy.word, proxy.plan = word, [cut]
    far.add("Bea", [draft(2), draft(3)])
    assert people(near) == {"Anna": 1, "Bea": 2}
    assert near.revision() == 2
    assert near.check() == []


def test_connections_that_ended_while_nobody_used_them(far: GalleryStore, proxy: CuttingProxy) -> None:
    proxy.cut_all()
    assert people(far) == {"Anna": 1}
    proxy.cut_all()
    far.add("Bea", [draft(2)])
    assert people(far) == {"Anna": 1, "Bea": 1}


def test_a_read_that_loses_its_connection_is_read_again(far: GalleryStore, proxy: CuttingProxy) -> None:
    proxy.word, proxy.plan = b"nearest_people", [Cut.BEFORE]
    (found,) = far.index().search(embedding(1), 1)
    assert (found.name, found.distance) == ("Anna", 0.0)
    assert proxy.plan == []


def test_a_server_that_goes_away_for_good(
    far: GalleryStore, near: GalleryStore, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_database, "_FIRST_PAUSE", 0.001)
    proxy.accepts = False
    proxy.cut_all()
    for use in (far.identities, lambda: far.add("Bea", [draft(2)]), lambda: far.remove("Anna")):
        with pytest.raises(GalleryError, match="cannot be reached; check that it runs") as caught:
            use()
        assert "\n" not in str(caught.value)
    assert people(near) == {"Anna": 1}
    proxy.accepts = True
    far.add("Bea", [draft(2)])
    assert people(near) == {"Anna": 1, "Bea": 1}


def test_a_server_that_does_not_come_back_at_a_commit(
    far: GalleryStore, near: GalleryStore, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done cannot be known; nothing is done a second time."""
    monkeypatch.setattr(postgres_database, "PATIENCE", 0.2)

    def lose(connection: Connection) -> None:
        connection.execute(text("UPDATE identities SET name = 'Ann'"))
        proxy.accepts, proxy.plan = False, [Cut.AFTER]

    with pytest.raises(GalleryError, match="whether it was is not known; look with `facenet-app gallery "):
        far._database.write(lose)
    assert people(near) == {"Ann": 1}
    assert near.revision() == 2


def test_every_attempt_is_cut(far: GalleryStore, near: GalleryStore, proxy: CuttingProxy) -> None:
    proxy.plan = [Cut.BEFORE] * MANY
    with pytest.raises(GalleryError, match="cannot be reached"):
        far.add("Bea", [draft(2)])
    assert people(near) == {"Anna": 1}
    assert len(proxy.plan) == MANY - postgres_database.ATTEMPTS


def test_an_administrator_ends_the_connections(near: GalleryStore, server: Server, url: ServerUrl) -> None:
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    attempts = []

    def interrupted(connection: Connection) -> None:
        connection.execute(text("UPDATE identities SET name = 'Ann'"))
        attempts.append(connection)
        if len(attempts) < 3:
            with server.connect(url) as admin:
                admin.execute(f"{ended} AND pid <> pg_backend_pid()")

    near._database.write(interrupted)
    assert len(attempts) == 3
    assert (people(near), near.revision()) == ({"Ann": 1}, 2)


def test_a_deadlock_with_another_program_is_resolved(
    near: GalleryStore, server: Server, url: ServerUrl
) -> None:
    """Two that take the same two locks in opposite order: the server ends one of them."""
    near.add("Bea", [draft(2)])
    with server.connect(url) as other:
        other.execute("SET deadlock_timeout = '60s'")  # so that it is the gallery's transaction that ends
        other.execute("BEGIN")
        other.execute("UPDATE identities SET consent = 'x' WHERE name = 'Bea'")
        attempts = []
        blocked = threading.Event()

        def change(connection: Connection) -> None:
            attempts.append(connection)
            if len(attempts) == 1:
                connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
                connection.execute(text("UPDATE identities SET consent = 'y' WHERE name = 'Anna'"))
                blocked.set()
            connection.execute(text("UPDATE identities SET consent = 'y' WHERE name = 'Bea'"))

        with ThreadPoolExecutor(1) as pool:
            writer = pool.submit(near._database.write, change)
            assert blocked.wait(30)
            other.execute("UPDATE identities SET consent = 'x' WHERE name = 'Anna'")
            other.execute("COMMIT")
            writer.result(30)
    assert len(attempts) == 2
    assert near.get("Bea").consent == "y"
    assert near.revision() == 3


def test_a_lock_that_another_program_keeps(url: ServerUrl, server: Server) -> None:
    use = ServerUse(patience=0.2)
    with (
        GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, use=use) as store,
        server.connect(url) as other,
    ):
        store.add("Anna", [draft(1)])
        other.execute("BEGIN")
        other.execute("UPDATE gallery SET revision = revision")
        with pytest.raises(GalleryError, match=r"in use by other programs; try again.*_WRITE_PATIENCE"):
            store.add("Bea", [draft(2)])
        assert people(store) == {"Anna": 1}  # readers need not wait
        other.execute("ROLLBACK")
        store.add("Bea", [draft(2)])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"database": "nowhere"}, "there is no database of the gallery .*createdb"),
        ({"user": "nobody"}, "refuses this user or password"),
        ({"query": (("host", "/nowhere"),)}, "cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere(
    url: ServerUrl, change: dict[str, object], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_database, "_FIRST_PAUSE", 0.001)
    wrong = replace(url, password="s3cret", **change)  # type: ignore[arg-type]  # each is of its type
    with pytest.raises(GalleryError, match=says) as caught:
        GalleryStore.open(wrong, model=MODEL, fingerprint=FINGERPRINT)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert "s3cret" not in f"{seen}{seen!r}"
        seen = seen.__cause__ or seen.__context__


def test_a_database_of_another_program_is_left_alone(server: Server) -> None:
    with server.database("template0") as url:
        with server.connect(url) as other:
            other.execute("CREATE TABLE recipes (name text)")
        with pytest.raises(GalleryError, match="is not a gallery"):
            GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT)
        with server.connect(url) as other:
            tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert tables == [("recipes",)]


def test_an_empty_database_becomes_a_gallery_only_for_who_enrolls(server: Server) -> None:
    with server.database("template0") as url:
        with pytest.raises(GalleryError, match="there is no gallery in"):
            GalleryStore.open(url, model=MODEL, fingerprint=None)
        with ThreadPoolExecutor(3) as pool:  # at once
            opened = list(
                pool.map(lambda _: GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT), range(3))
            )
        for number, store in enumerate(opened):
            with store:
                store.add("Anna", [draft(number)])
                assert people(store) == {"Anna": number + 1}
