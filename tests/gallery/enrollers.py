"""What the processes of the concurrency tests run; importable by freshly started interpreters."""

from drafts import FINGERPRINT, MODEL, draft

from facenet_app.domain import Place
from facenet_app.gallery.store import GalleryStore


def enroll(place: Place, worker: int, count: int) -> None:
    """Enroll ``count`` pictures of one person whom all workers share and of one's own each."""
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        for number in range(count):
            seed = 1000 * worker + 10 * number
            store.add("Shared Person", [draft(seed)])
            store.add(f"Worker {worker} Person {number}", [draft(seed + 1), draft(seed + 2)])


def enroll_and_remove(place: Place, worker: int, count: int) -> None:
    """Add and remove one person again and again: each removal rewrites the file."""
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as store:
        for number in range(count):
            store.add(f"Passer-by {worker}", [draft(1000 * worker + number)])
            store.remove(f"Passer-by {worker}")
