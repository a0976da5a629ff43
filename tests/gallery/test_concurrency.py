"""Several processes and threads on one gallery."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from drafts import FINGERPRINT, MODEL, draft, embedding
from enrollers import enroll, enroll_and_remove

from facenet_app.domain import Place, Template
from facenet_app.errors import DuplicateSample
from facenet_app.gallery.store import GalleryStore

WORKERS, COUNT = 3, 5


def run(jobs: list[tuple[Callable[[Place, int, int], None], int]], place: Place) -> list[int | None]:
    """Each job in a process that shares nothing with this one, all at once; their exit codes."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["facenet_app.gallery.store"])
    processes = [server.Process(target=target, args=(place, worker, COUNT)) for target, worker in jobs]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def test_processes_enroll_the_same_and_different_people_into_a_gallery_that_none_of_them_made(
    place: Place,
) -> None:
    assert run([(enroll, worker) for worker in range(WORKERS)], place) == [0] * WORKERS
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        people = {who.name: who.samples for who in store.identities()}
        own = {f"Worker {w} Person {n}": 2 for w in range(WORKERS) for n in range(COUNT)}
        assert people == {"Shared Person": WORKERS * COUNT, **own}
        assert store.revision() == 2 * WORKERS * COUNT
        assert store.index().samples == 3 * WORKERS * COUNT
        assert store.check() == []


def test_other_processes_writing_and_removing_are_seen_by_the_next_search(
    store: GalleryStore, place: Place
) -> None:
    store.add("Anna", [draft(90_000)])
    assert store.index().people == 1
    assert run([(enroll, 1), (enroll_and_remove, 2)], place) == [0, 0]
    assert store.index().people == 2 + COUNT
    (found,) = store.index().search(embedding(1001), 1, Template.NEAREST)
    assert (found.name, found.distance) == ("Worker 1 Person 0", 0.0)
    assert store.check() == []


def test_readers_in_threads_see_whole_transactions_only(store: GalleryStore) -> None:
    done = threading.Event()

    def read() -> int:
        """Every write adds two samples: an odd number would be half of one."""
        looks, revision = 0, 0
        while not done.is_set() or looks == 0:
            index = store.index()
            assert index.samples % 2 == 0
            assert sum(who.samples for who in store.identities()) % 2 == 0
            now = store.revision()
            assert now >= revision
            revision, looks = now, looks + 1
        return looks

    def write(worker: int) -> None:
        for number in range(12):
            seed = 1000 * worker + 2 * number
            store.add("Shared Person" if number % 2 else f"Person {seed}", [draft(seed), draft(seed + 1)])

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        writers = [pool.submit(write, worker) for worker in range(3)]
        for writer in writers:
            writer.result(60)
        done.set()
        assert all(reader.result(60) > 0 for reader in readers)
    assert store.get("shared person").samples == 36
    assert store.index().samples == 72


def test_the_same_picture_enrolled_by_many_threads_is_stored_once(store: GalleryStore) -> None:
    def attempt(number: int) -> bool:
        try:
            store.add(f"Person {number}", [draft(7)])
        except DuplicateSample:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert [who.samples for who in store.identities()] == [1]
