"""The index in memory when many ask for it at once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from drafts import FINGERPRINT, MODEL, draft, embedding
from sqlalchemy import Connection

from facenet_app.domain import ServerUrl, ServerUse
from facenet_app.errors import GalleryError
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.latest_index import LatestIndex
from facenet_app.gallery.sqlite_database import SqliteDatabase
from facenet_app.gallery.store import GalleryStore
from facenet_app.gallery.upkeep import utc_now

ASKING = 5


class Watched(SqliteDatabase):
    """Each read waits until it is let through; how many there were."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reads = 0
        self.fail = False
        self.open = threading.Event()
        self.open.set()

    def read(self, look: Callable[[Connection], Any]) -> Any:
        self.reads += 1
        assert self.open.wait(60)
        if self.fail:
            self.fail = False
            raise GalleryError("the disk is gone", "put it back")
        return super().read(look)


@pytest.fixture
def gallery(path: Path) -> Iterator[GalleryStore]:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1)])
        yield store


@pytest.fixture
def database(gallery: GalleryStore, path: Path) -> Iterator[Watched]:
    found = Watched(path)
    yield found
    found.close()


@contextmanager
def asking(index: LatestIndex, database: Watched) -> Iterator[list[Future[SearchIndex]]]:
    """One thread is looking and stopped there, the others wait for their turn."""
    database.open.clear()
    with ThreadPoolExecutor(ASKING) as pool:
        try:
            futures = [pool.submit(index.get) for _ in range(ASKING)]
            deadline = time.monotonic() + 60
            while len(index._turn._waiters) < ASKING - 1:  # type: ignore[attr-defined]  # of threading.Condition
                assert time.monotonic() < deadline, "they do not wait"
                time.sleep(0.001)
            yield futures
        finally:
            database.open.set()


def test_one_look_serves_all_who_waited_and_shows_what_was_written_before_they_asked(
    gallery: GalleryStore, database: Watched
) -> None:
    index = LatestIndex(database, utc_now)
    index.get()
    before = database.reads
    with asking(index, database) as futures:
        gallery.add("Bea", [draft(2)])
        database.open.set()
        people = [future.result(60).people for future in futures]
    assert database.reads == before + 2  # the one that was under way, and one for all who asked since
    assert people.count(2) >= ASKING - 1
    assert index.get().people == 2


def test_a_look_that_fails_is_told_to_one_and_the_others_look_again(
    gallery: GalleryStore, database: Watched
) -> None:
    index = LatestIndex(database, utc_now)
    with asking(index, database) as futures:
        database.fail = True
        database.open.set()
        errors = [future.exception(60) for future in futures]
    assert [type(error) for error in errors if error is not None] == [GalleryError]
    assert {future.result().people for future in futures if future.exception() is None} == {1}
    assert database.reads == 2


@pytest.mark.postgres
def test_a_gallery_on_a_server_searched_in_memory(url: ServerUrl) -> None:
    """It is up to date with what others write, as the server's own search is."""
    use = ServerUse(in_memory=True)
    with (
        GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, use=use) as store,
        GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as other,
    ):
        for number, name in enumerate(("Anna", "Bea")):
            other.add(name, [draft(number)])
            index = store.index()
            assert isinstance(index, SearchIndex)
            assert index.search(embedding(number), 5) == other.index().search(embedding(number), 5)
        other.remove("Anna")
        assert [found.name for found in store.index().search(embedding(0), 5)] == ["Bea"]
