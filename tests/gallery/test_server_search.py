"""Searching on the server, beside the index in memory of the very same gallery."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently, embedding, unit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from server import Server
from sqlalchemy import delete, text

from facenet_app.domain import Candidate, Consent, Embedding, Place, SampleDraft, ServerUrl, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery import recall, server_index
from facenet_app.gallery.changelog import reload_all
from facenet_app.gallery.load import load_index
from facenet_app.gallery.recall import Recalls
from facenet_app.gallery.schema import identities
from facenet_app.gallery.server_index import Measured, search_effort
from facenet_app.gallery.server_search import ServerIndex
from facenet_app.gallery.server_vectors import vectors_sent
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres

EVERYBODY = 1000
FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[GalleryStore]:
    """One gallery for many small worlds; each test clears it."""
    with server.database() as url, GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        yield store


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Galleries of a hundred count as large."""
    monkeypatch.setattr(server_index, "FEWEST_ROWS", 100)
    monkeypatch.setattr(recall, "PROBES", 60)


@pytest.fixture(scope="module")
def measured_database(server: Server) -> Iterator[str]:
    """Name of a database of 150 people of one to three samples, with measured indexes."""
    with server.database() as url:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server_index, "FEWEST_ROWS", 100)
            patch.setattr(recall, "PROBES", 60)
            with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
                store.add_people([(f"Person {n:03d}", drafts(n)) for n in range(150)])
        yield url.database


@pytest.fixture
def large(small: None, server: Server, measured_database: str) -> Iterator[GalleryStore]:
    """A copy of that gallery."""
    with (
        server.database(measured_database) as url,
        GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store,
    ):
        yield store


def at(number: int, vector: NDArray[np.float32]) -> SampleDraft:
    return replace(draft(number), embedding=Embedding(vector, FINGERPRINT))


def drafts(person: int) -> list[SampleDraft]:
    """One to three pictures of a person, near each other."""
    found = []
    for number in range(1 + person % 3):
        mixed = unit(person) + 0.4 * unit(5000 + 10 * person + number)
        vector = (mixed / np.linalg.norm(mixed)).astype(np.float32)
        found.append(at(10 * person + number, vector))
    return found


def in_memory(store: GalleryStore, probe: Embedding, k: int, template: Template) -> list[Candidate]:
    return load_index(store._database, datetime.now(UTC)).index.search(probe, k, template)


def server_of(store: GalleryStore) -> ServerIndex:
    found = store.index()
    assert isinstance(found, ServerIndex)
    return found


def measured(store: GalleryStore) -> dict[str, Measured]:
    return store._database.read(Measured.all_of)


def efforts(store: GalleryStore, fingerprint: str, recall: float = 0.999) -> list[int | None]:
    """Of searches by centroid, and by sample."""
    tables = ("centroids", "sample_vectors")
    return store._database.read(
        lambda connection: [search_effort(connection, table, fingerprint, recall) for table in tables]
    )


def normalized(numbers: tuple[int, ...]) -> NDArray[np.float32]:
    vector = np.array(numbers, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


# Few directions, so that ties within and between people are the rule.
directions = st.tuples(*[st.integers(-1, 1)] * 3).filter(any).map(normalized)
worlds = st.lists(st.tuples(st.sampled_from(["Anna", "Bea", "Cleo", "Dora"]), directions), max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds, directions, st.integers(-1, 6), st.sampled_from(list(Template)))
def test_the_same_as_in_memory_when_ties_abound(
    shared: GalleryStore,
    world: list[tuple[str, NDArray[np.float32]]],
    probe: NDArray[np.float32],
    k: int,
    template: Template,
) -> None:
    with shared._database._write_transaction() as connection:
        connection.execute(delete(identities))
        reload_all(connection)
    shared.add_people([(name, [at(number, vector)]) for number, (name, vector) in enumerate(world)])
    asked = Embedding(probe, FINGERPRINT)
    index = shared.index()
    assert index.search(asked, k, template) == in_memory(shared, asked, k, template)
    assert (index.people, index.samples) == (len({name for name, _ in world}), len(world))
    assert shared.check() == []


@pytest.mark.parametrize("template", list(Template))
def test_the_same_as_in_memory_after_every_kind_of_change(store: GalleryStore, template: Template) -> None:
    """On both databases: the one in a file follows the change log, the server's follows its tables."""

    def agrees() -> None:
        for seed in (1, 2, 77):
            expected = in_memory(store, embedding(seed), EVERYBODY, template)
            assert store.index().search(embedding(seed), EVERYBODY, template) == expected

    store.add("Anna", [draft(1), draft(2)])
    store.add("Bea", [draft(3)])
    agrees()
    store.add("Anna", [draft(4)])
    store.rename("Bea", "Bee")
    agrees()
    store.add("Cleo", [draft(5), draft(6)])
    store.rename("Cleo", "Bee", merge=True)
    agrees()
    store.remove("Anna")
    agrees()
    assert store.index().people == 1
    store.remove("Bee")
    assert store.index().search(embedding(1), 5, template) == []
    assert (store.index().people, store.index().samples) == (0, 0)


def test_whose_consent_has_expired_is_not_found(url: ServerUrl) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, clock=lambda: now[0]) as store:
        store.add("Anna", [draft(1), draft(2)], Consent(expires_at=now[0] + timedelta(days=1)))
        store.add("Bea", [draft(3)], Consent(expires_at=FAR_OFF))
        assert [c.name for c in store.index().search(embedding(1), 2)] == ["Anna", "Bea"]
        now[0] += timedelta(days=1)
        index = store.index()
        assert [c.name for c in index.search(embedding(1), 2)] == ["Bea"]
        assert [c.name for c in index.search(embedding(1), 1)] == ["Bea"]
        assert (index.people, index.samples) == (1, 1)


def test_another_models_embedding_is_refused(store: GalleryStore, place: Place) -> None:
    store.add("Anna", [draft(1)])
    with pytest.raises(ModelMismatch, match="net-b"):
        store.index().search(embedding(1, "net-b:1"), 5)


def test_a_reembedding_between_looking_and_searching(url: ServerUrl) -> None:
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1)])
        index = store.index()
        store.reembed("net-b", "net-b:1", embed_differently)
        with pytest.raises(ModelMismatch, match="net-b:1"):
            index.search(embedding(1), 1)


@pytest.mark.parametrize("template", list(Template))
def test_a_large_gallery_is_searched_by_its_index(large: GalleryStore, template: Template) -> None:
    assert all(effort is not None for effort in efforts(large, FINGERPRINT))
    plan = "EXPLAIN SELECT identity_id FROM {} WHERE fingerprint = 'net-a:0123' ORDER BY {} LIMIT 9"
    order = "CAST(vector AS halfvec(16)) <-> CAST('[" + ",".join(["0.25"] * 16) + "]' AS halfvec(16))"
    with large._database._engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for table in ("centroids", "sample_vectors"):
            lines = connection.exec_driver_sql(plan.format(table, order)).scalars().all()
            assert f"hnsw_{table}" in lines[1]
    for seed in range(0, 150, 10):
        expected = in_memory(large, embedding(seed), 3, template)
        assert large.index().search(embedding(seed), 3, template) == expected
    assert large.check() == []


def test_more_people_than_an_index_gives_at_once(large: GalleryStore) -> None:
    large.set_consent("Person 000", Consent(expires_at=FAR_OFF))
    for k in (40, 150, 400):
        found = large.index().search(embedding(3), k)
        assert found == in_memory(large, embedding(3), k, Template.CENTROID)
        assert len(found) == min(k, 150)


def test_who_is_enrolled_later_is_in_the_index_at_once(large: GalleryStore) -> None:
    large.add("Zoe", [draft(99_999)])
    (found,) = large.index().search(embedding(99_999), 1)
    assert (found.name, found.distance) == ("Zoe", 0.0)
    large.remove("Zoe")
    (found,) = large.index().search(embedding(99_999), 1)
    assert found.name != "Zoe"


def test_a_recall_of_one_compares_with_everybody(url: ServerUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_index, "FEWEST_ROWS", 10)
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, recall=1) as store:
        store.add_people([(f"Person {n:03d}", drafts(n)) for n in range(15)])
        assert all(each.fingerprint is None for each in measured(store).values())  # no index was built
        assert store.index().search(embedding(5), 4) == in_memory(store, embedding(5), 4, Template.CENTROID)
        assert store.check() == []


def test_a_reembedded_gallery_gets_indexes_of_its_own(large: GalleryStore) -> None:
    large.reembed("net-b", "net-b:1", embed_differently)
    assert all(effort is not None for effort in efforts(large, "net-b:1"))
    assert efforts(large, FINGERPRINT) == [None, None]
    with large._database._engine.begin() as connection:
        names = text("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'hnsw%'")
        assert connection.execute(names).scalar_one() == 2
    probe = Embedding(unit(4, 8), "net-b:1")
    assert large.index().search(probe, 3) == in_memory(large, probe, 3, Template.CENTROID)


def test_an_index_that_is_not_there_is_said_and_done_without(large: GalleryStore) -> None:
    with large._database._write_transaction() as connection:
        connection.execute(text("UPDATE vector_searches SET fingerprint = NULL, rows_then = NULL"))
    large.set_consent("Person 000", Consent(expires_at=FAR_OFF))  # builds what is missing
    assert large.check() == []
    database = large._database
    with database._writer.begin() as connection:
        connection.execute(text("UPDATE vector_searches SET fingerprint = NULL"))
    assert {finding.code for finding in large.check()} == {"slow_search"}
    assert large.index().search(embedding(5), 4) == in_memory(large, embedding(5), 4, Template.CENTROID)


def test_vectors_out_of_step_are_found_and_mended(url: ServerUrl, server: Server) -> None:
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1), draft(2)])
        store.add("Bea", [draft(3)])
        with server.connect(url) as other:
            other.execute("DELETE FROM sample_vectors WHERE number = 2")
            other.execute("DELETE FROM centroids WHERE identity_id IN (SELECT id FROM identities LIMIT 1)")
        (finding,) = store.check()
        assert finding.code == "search_out_of_step"
        assert finding.message.startswith("2 ")
        store.reembed("net-b", "net-b:1", embed_differently)
        assert store.check() == []


def known(rows: int, rows_then: int, shares: dict[int, float], fingerprint: str = "f") -> Measured:
    """As measured with probes of both kinds."""
    return Measured("centroids", rows, fingerprint, rows_then, Recalls(shares, shares, 0.5))


@pytest.mark.parametrize(
    ("known", "effort", "due"),
    [
        (known(50_000, 40_000, {40: 0.98, 80: 0.999, 120: 1.0}), 80, False),
        (known(50_000, 40_000, {40: 0.98, 1000: 0.99}), None, False),  # it can do no better
        (known(50_000, 40_000, {40: 0.98}), None, True),  # stopped at a lower target
        (known(50_000, 25_000, {40: 1.0}), 40, True),  # doubled since
        (known(50_000, 40_000, {40: 1.0}, "other"), None, True),
        (known(100, 0, {}), None, False),
    ],
)
def test_the_least_effort_that_was_measured_to_be_enough(
    shared: GalleryStore, known: Measured, effort: int | None, due: bool
) -> None:
    assert known.is_due("f", 0.999) == due
    assert not known.is_due("f", 1)
    with shared._database._writer.connect() as connection:  # rolled back
        recalls = json.dumps(known.recalls.to_dict())
        given = {"rows": known.rows, "whose": known.fingerprint, "recalls": recalls}
        columns = "rows = :rows, fingerprint = :whose, recalls = CAST(:recalls AS json)"
        connection.execute(text(f"UPDATE vector_searches SET {columns} WHERE name = 'centroids'"), given)
        assert Measured.all_of(connection)["centroids"].recalls == known.recalls
        for kind in ("alike", "between"):
            assert search_effort(connection, "centroids", "f", 0.999, kind) == effort
            assert search_effort(connection, "centroids", "f", 1, kind) is None
        assert search_effort(connection, "sample_vectors", "f", 0.999) is None


@pytest.mark.parametrize("template", list(Template))
def test_who_is_not_surely_the_nearest_is_looked_for_thoroughly(
    large: GalleryStore, template: Template
) -> None:
    """With the least effort possible, and where nobody is sure, with that of comparing with everybody."""
    hasty = Recalls({1: 1.0}, {}, 0.0)
    with large._database._writer.begin() as connection:
        given = {"recalls": json.dumps(hasty.to_dict())}
        connection.execute(text("UPDATE vector_searches SET recalls = CAST(:recalls AS json)"), given)
    for seed in range(0, 150, 10):
        expected = in_memory(large, embedding(seed), EVERYBODY, template)
        assert large.index().search(embedding(seed), EVERYBODY, template) == expected
    with large._database._writer.begin() as connection:
        connection.execute(
            text("UPDATE vector_searches SET recalls = CAST(:recalls AS json)"),
            {"recalls": json.dumps(Recalls({1: 1.0}, {}, 3.0).to_dict())},
        )
    assert len(large.index().search(embedding(3), 5, template)) == 5  # whoever the index came upon


def test_the_recall_that_is_measured_is_that_of_the_search(large: GalleryStore) -> None:
    """A search that looks at nobody but one and the same person is right by chance alone."""

    class Stubborn(recall.IndexedQuery):
        def owners(self, *_: object) -> list[str]:  # type: ignore[override]
            return [first]

    first = large.get("Person 000").id
    with large._database._engine.begin() as connection:
        true = recall.measure_recalls(
            connection, recall.IndexedQuery("centroids", FINGERPRINT, 16), [1000], 1
        )
        chance = recall.measure_recalls(connection, Stubborn("centroids", FINGERPRINT, 16), [40, 1000], 1)
    assert (true.alike, true.between) == ({1000: 1}, {1000: 1})
    assert chance.alike.keys() == chance.between.keys() == {40, 1000}
    assert max(*chance.alike.values(), *chance.between.values()) < 0.2


@pytest.mark.parametrize("table", ["centroids", "sample_vectors"])
def test_the_nearest_row_of_a_probe_and_how_near_others_are(large: GalleryStore, table: str) -> None:
    """Against a loop over all rows, which come in several portions."""
    with pytest.MonkeyPatch.context() as patch, large._database._engine.begin() as connection:
        patch.setattr(recall, "_CHUNK", 40)
        probes = recall._probes(connection, recall.IndexedQuery(table, FINGERPRINT, 16))
        found, sure = recall._compared_with_all(
            connection, recall.IndexedQuery(table, FINGERPRINT, 16), probes
        )
        rows = connection.execute(text(f"SELECT identity_id, vector_send(vector) AS sent FROM {table}")).all()
    vectors = vectors_sent([row.sent for row in rows])
    others = []
    for number, (probe, of) in enumerate(zip(probes.vectors, probes.of, strict=True)):
        far = [float(np.linalg.norm(probe - vector)) for vector in vectors]
        of_found = [each for each, row in zip(far, rows, strict=True) if row.identity_id == found[number]]
        assert min(of_found) == pytest.approx(min(far), abs=1e-5)  # in the middle between two, either will do
        if number % 2 == 0:
            others += [each for each, row in zip(far, rows, strict=True) if row.identity_id != of]
    assert sure == pytest.approx(min(others), abs=1e-5)
