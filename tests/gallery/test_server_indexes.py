"""The indexes of a large gallery on a server: when they are built, and that nobody waits for them."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently, embedding, unit
from large_gallery import PEOPLE, both_enough, count_as_large, drafts, in_memory, wait_for_indexes
from sqlalchemy import text

from facenet_app.domain import Consent, Embedding, ServerUrl, ServerUse, Template
from facenet_app.gallery import server_index
from facenet_app.gallery.server_index import Measured
from facenet_app.gallery.store import GalleryStore

pytestmark = pytest.mark.postgres


def measured(store: GalleryStore) -> dict[str, Measured]:
    return store._database.read(Measured.all_of)


def test_a_recall_of_one_compares_with_everybody(url: ServerUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_index, "FEWEST_ROWS", 10)
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, use=ServerUse(recall=1)) as store:
        store.add_people([(f"Person {n:03d}", drafts(n)) for n in range(15)])
        assert all(each.fingerprint is None for each in measured(store).values())  # no index was built
        assert store.index().search(embedding(5), 4) == in_memory(store, embedding(5), 4, Template.CENTROID)
        assert store.check() == []


def test_a_reembedded_gallery_gets_indexes_of_its_own(large: GalleryStore) -> None:
    large.reembed("net-b", "net-b:1", embed_differently)
    wait_for_indexes(large)
    assert all(enough is not None for enough in both_enough(large, "net-b:1"))
    assert both_enough(large, FINGERPRINT) == [None, None]
    with large._database._engine.begin() as connection:
        names = text("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'hnsw%'")
        assert connection.execute(names).scalar_one() == 2
    probe = Embedding(unit(4, 8), "net-b:1")
    assert large.index().search(probe, 3) == in_memory(large, probe, 3, Template.CENTROID)


def test_an_index_that_is_not_there_is_said_and_done_without(large: GalleryStore) -> None:
    with large._database._writer.begin() as connection:
        connection.execute(text("UPDATE vector_searches SET fingerprint = NULL, rows_then = NULL"))
    large.set_consent(
        "Person 000", Consent(expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    )  # builds what is missing
    wait_for_indexes(large)
    assert large.check() == []
    database = large._database
    with database._writer.begin() as connection:
        connection.execute(text("UPDATE vector_searches SET fingerprint = NULL"))
    assert {finding.code for finding in large.check()} == {"slow_search"}
    assert large.index().search(embedding(5), 4) == in_memory(large, embedding(5), 4, Template.CENTROID)


def test_nobody_waits_for_an_index(url: ServerUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    count_as_large(monkeypatch)
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        with store._database._writer.connect() as another:  # until this ends, no index can be built
            another.execute(text("LOCK TABLE centroids, sample_vectors IN ROW EXCLUSIVE MODE"))
            store.add_people([(f"Person {n:03d}", drafts(n)) for n in range(PEOPLE)])
            store.add("Zoe", [draft(99_999)])
            assert {finding.code for finding in store.check()} == {"slow_search"}
            assert store.index().search(embedding(99_999), 1)[0].name == "Zoe"
            store.remove("Zoe")
            assert store.index().search(embedding(99_999), 1)[0].name != "Zoe"
            assert {finding.code for finding in store.check()} == {"slow_search", "traces_left"}
        wait_for_indexes(store)
        assert store.check() == []


def test_a_gallery_that_doubles_while_an_index_is_built(
    url: ServerUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_as_large(monkeypatch)
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        with store._database._writer.connect() as another:
            another.execute(text("LOCK TABLE centroids, sample_vectors IN ROW EXCLUSIVE MODE"))
            for first in (0, PEOPLE):
                store.add_people([(f"Person {n:03d}", drafts(n)) for n in range(first, first + PEOPLE)])
                time.sleep(0.5)  # the thread has counted the rows
        wait_for_indexes(store)
        assert store.check() == []
        assert measured(store)["centroids"].rows_then == 2 * PEOPLE


def test_two_who_are_removed_at_once_leave_no_traces(large: GalleryStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(large.remove, [f"Person {n:03d}" for n in range(12)]))
    assert large.check() == []
