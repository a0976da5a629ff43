"""Searching on the server, beside the index in memory of the very same gallery."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently, embedding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from large_gallery import at, both_enough, drafts, in_memory
from numpy.typing import NDArray
from server import Server
from sqlalchemy import Connection, Row, delete, text

from facenet_app.domain import Consent, Embedding, Place, ServerUrl, Template
from facenet_app.errors import ModelMismatch
from facenet_app.gallery.changelog import reload_all
from facenet_app.gallery.recall import Recalls
from facenet_app.gallery.schema import identities
from facenet_app.gallery.server_search import SPARE, ServerIndex
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres

EVERYBODY = 1000
FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC)


def server_of(store: GalleryStore) -> ServerIndex:
    found = store.index()
    assert isinstance(found, ServerIndex)
    return found


def normalized(numbers: tuple[int, ...]) -> NDArray[np.float32]:
    vector = np.array(numbers, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


# Few directions, so that ties within and between people are the rule.
directions = st.tuples(*[st.integers(-1, 1)] * 3).filter(any).map(normalized)
worlds = st.lists(st.tuples(st.sampled_from(["Anna", "Bea", "Cleo", "Dora"]), directions), max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds, st.lists(directions, max_size=4), st.integers(-1, 6), st.sampled_from(list(Template)))
def test_the_same_as_in_memory_when_ties_abound(
    shared: GalleryStore,
    world: list[tuple[str, NDArray[np.float32]]],
    probes: list[NDArray[np.float32]],
    k: int,
    template: Template,
) -> None:
    with shared._database._write_transaction() as connection:
        connection.execute(delete(identities))
        reload_all(connection)
    shared.add_people([(name, [at(number, vector)]) for number, (name, vector) in enumerate(world)])
    asked = [Embedding(probe, FINGERPRINT) for probe in probes]
    index = shared.index()
    assert index.search_each(asked, k, template) == [in_memory(shared, each, k, template) for each in asked]
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
    assert all(enough is not None for enough in both_enough(large, FINGERPRINT))
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


def recalls_said(store: GalleryStore, recalls: Recalls) -> None:
    """As if these had been measured."""
    with store._database._writer.begin() as connection:
        given = {"recalls": json.dumps(recalls.to_dict())}
        connection.execute(text("UPDATE vector_searches SET recalls = CAST(:recalls AS json)"), given)


_SCANS = text("""
SELECT sum(pg_stat_get_xact_tuples_returned(oid)) FILTER (WHERE relname LIKE 'hnsw%') AS hnsw,
    sum(pg_stat_get_xact_numscans(oid)) FILTER (WHERE relname = :name) AS everybody
FROM pg_class
""")


def watched(store: GalleryStore, template: Template) -> tuple[ServerIndex, list[tuple[int, int]]]:
    """An index, and of each of its searches how many rows HNSW gave it, and how often it looked at all."""
    table = {"name": "centroids" if template is Template.CENTROID else "sample_vectors"}
    scans: list[tuple[int, int]] = []

    def read(look: Callable[[Connection], Sequence[Row[Any]]]) -> Sequence[Row[Any]]:
        with store._database._engine.begin() as connection:
            # So few rows are compared sooner than any index is looked into.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            # The server adds transactions up until it tells others of them.
            before = connection.execute(_SCANS, table).one()
            found = look(connection)
            after = connection.execute(_SCANS, table).one()
            scans.append((int(after.hnsw - before.hnsw), int(after.everybody - before.everybody)))
            return found

    return replace(server_of(store), read=read), scans


@pytest.mark.parametrize("template", list(Template))
def test_who_is_not_surely_the_nearest_is_looked_for_thoroughly(
    large: GalleryStore, template: Template
) -> None:
    """At as many rows of the index as are enough, which here are all."""
    recalls_said(large, Recalls({400: 1.0}, 0.0))
    rows = large.index().people if template is Template.CENTROID else large.index().samples
    for seed in range(0, 150, 30):
        index, scans = watched(large, template)
        expected = in_memory(large, embedding(seed), 3, template)
        assert index.search(embedding(seed), 3, template) == expected
        assert scans == [(rows, 0)]


@pytest.mark.parametrize("template", list(Template))
def test_where_no_number_of_rows_is_enough_everybody_is_compared(
    large: GalleryStore, template: Template
) -> None:
    recalls_said(large, Recalls({400: 0.9}, 3.0))
    for seed in range(0, 150, 30):
        index, scans = watched(large, template)
        expected = in_memory(large, embedding(seed), 3, template)
        assert index.search(embedding(seed), 3, template) == expected
        assert [hnsw for hnsw, _ in scans] == [0]


@pytest.mark.parametrize("template", list(Template))
def test_where_somebody_is_sure_nobody_else_is_looked_at(large: GalleryStore, template: Template) -> None:
    """What the index came upon is the answer, and its distances are exact."""
    recalls_said(large, Recalls({1: 1.0}, 3.0))
    index, scans = watched(large, template)
    found = index.search(embedding(3), 5, template)
    assert scans == [(5 + SPARE, 0)]
    exact = {each.identity_id: each for each in in_memory(large, embedding(3), EVERYBODY, template)}
    assert found == [exact[each.identity_id] for each in found]
    assert [each.distance for each in found] == sorted({each.distance for each in found})
    assert len(found) == 5


@pytest.mark.parametrize("template", list(Template))
def test_all_faces_of_a_picture_are_one_statement(large: GalleryStore, template: Template) -> None:
    """Near somebody, near nobody, and the same face twice."""
    index, scans = watched(large, template)
    faces = [Embedding(drafts(n)[0].embedding.vector, FINGERPRINT) for n in (7, 80)]
    faces += [embedding(3), faces[0], embedding(123_456)]
    assert index.search_each(faces, 3, template) == [in_memory(large, each, 3, template) for each in faces]
    assert len(scans) == 1
    assert index.search_each([], 3, template) == []
    assert len(scans) == 1
    with pytest.raises(ModelMismatch, match="net-b:1"):
        index.search_each([*faces, embedding(1, "net-b:1")], 3, template)
