"""32 clients at one gallery: four of five requests identify, one enrolls; errors, lost writes, waiting times.

Clients are threads of several processes, as the workers of a server are, without pauses between requests.
An enrollment stores one embedding with its crop; a search is that of `identify` (the five nearest people),
in a gallery that grows meanwhile. Afterwards every acknowledged enrollment has to be there, and nothing
else. Embeddings are made up: people are directions, samples are near them. ::

    python benchmarks/gallery_clients.py --seconds 60
    python benchmarks/gallery_clients.py --postgres
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from measurement import Measurement, as_markdown, as_text, machine_lines
from own_server import own_server

from facenet_app.domain import Embedding, FaceCrop, Place, Quality, SampleDraft
from facenet_app.gallery.store import GalleryStore

PACKAGES = ("faiss-cpu", "numpy", "psycopg", "sqlalchemy")
MODEL, FINGERPRINT, DIMENSION = "made-up", "made-up:1", 128
SPREAD = 0.05
"""Standard deviation of each number of an embedding around its person's direction: about 0.5 apart."""
IDENTIFY = 0.8


@dataclass(frozen=True)
class Load:
    """What one process does: so many clients for so many seconds."""

    gallery: Place
    people: int
    clients: int
    seconds: float
    seed: int


@dataclass
class Seen:
    """What the clients of a process saw: milliseconds by kind, names acknowledged, errors by type."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"identify": [], "enroll": []})
    acknowledged: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


def opened(gallery: Place) -> GalleryStore:
    return GalleryStore.open(gallery, model=MODEL, fingerprint=FINGERPRINT)


def near(person: int, rng: np.random.Generator) -> Embedding:
    """An embedding of a person, another one at each call."""
    vector = np.random.default_rng(person).normal(size=DIMENSION) / np.sqrt(DIMENSION)
    vector += rng.normal(scale=SPREAD, size=DIMENSION)
    return Embedding((vector / np.linalg.norm(vector)).astype(np.float32), FINGERPRINT)


def draft(person: int, rng: np.random.Generator) -> SampleDraft:
    """A sample with a crop that compresses as faces do, about."""
    pixels = np.repeat(np.repeat(rng.integers(0, 256, (56, 56, 3), dtype=np.uint8), 2, 0), 2, 1)
    digest = f"{person:032x}{int(rng.integers(2**62)):032x}"
    return SampleDraft(near(person, rng), FaceCrop(pixels, "made-up"), Quality(60, 20), digest)


def fill(gallery: Place, people: int) -> None:
    """People with one sample each, a hundred in a transaction."""
    rng = np.random.default_rng(0)
    with opened(gallery) as store:
        for start in range(0, people, 100):
            numbers = range(start, min(start + 100, people))
            store.add_people([(f"Person {number}", [draft(number, rng)]) for number in numbers])


def clients(load: Load) -> Seen:
    """Run the clients of one process until the time is over."""
    seen, lock = Seen(), threading.Lock()
    with opened(load.gallery) as store:
        store.index()
        end = time.monotonic() + load.seconds
        threads = [
            threading.Thread(target=client, args=(store, load, 1000 * load.seed + number, end, seen, lock))
            for number in range(load.clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return seen


def client(
    store: GalleryStore, load: Load, number: int, end: float, seen: Seen, lock: threading.Lock
) -> None:
    """One client: request after request."""
    rng, own = np.random.default_rng(number), 10**9 + 10**6 * number
    while time.monotonic() < end:
        kind = "identify" if rng.random() < IDENTIFY else "enroll"
        probe, own = near(int(rng.integers(load.people)), rng), own + 1
        sample, name = draft(own, rng), f"New {own}"
        start = time.perf_counter()
        try:
            if kind == "identify":
                store.index().search(probe, 5)
            else:
                store.add(name, [sample])
        except Exception as error:  # noqa: BLE001 (whatever a client would see is counted)
            with lock:
                seen.errors[f"{type(error).__name__}: {str(error)[:80]}"] += 1
            continue
        with lock:
            seen.times[kind].append(1000 * (time.perf_counter() - start))
            if kind == "enroll":
                seen.acknowledged.append(name)


def all_clients(gallery: Place, options: argparse.Namespace) -> Seen:
    """All processes at once, and what their clients saw together."""
    each = options.clients // options.processes
    loads = [
        Load(gallery, options.people, each, options.seconds, number) for number in range(options.processes)
    ]
    together = Seen()
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for seen in pool.map(clients, loads):
            together.acknowledged += seen.acknowledged
            together.errors += seen.errors
            for kind, times in seen.times.items():
                together.times[kind] += times
    return together


def rows(gallery: Place, what: str, options: argparse.Namespace) -> Iterator[Measurement]:
    """Fill, load, and count what is there afterwards."""
    fill(gallery, options.people)
    seen = all_clients(gallery, options)
    with opened(gallery) as store:
        there = {who.name for who in store.identities()}
    expected = {*seen.acknowledged, *(f"Person {number}" for number in range(options.people))}
    lost, unknown = len(expected - there), len(there - expected)
    yield Measurement(
        f"{what}: {options.clients} clients, {options.seconds:g} s",
        f"{sum(map(len, seen.times.values())):,} requests, {seen.errors.total()} errors, {lost} of "
        f"{len(seen.acknowledged):,} enrollments lost, {unknown} that nobody was told of",
        "no error, none lost",
        not seen.errors and lost == unknown == 0,
    )
    for error, count in seen.errors.most_common(5):
        yield Measurement(f"{what}: error", f"{count} × {error}")
    for kind, times in seen.times.items():
        p50, p95, p99 = np.percentile(times, [50, 95, 99])
        shown = f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, longest {max(times):.0f} ms"
        yield Measurement(f"{what}: {kind}", f"{shown} ({len(times):,})")


def main() -> int:
    """Measure, print, and return 1 if a request failed or an enrollment was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=32, help="(default %(default)s)")
    parser.add_argument("--processes", type=int, default=4, help="that share them (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="(default %(default)s)")
    parser.add_argument("--people", type=int, default=10_000, help="enrolled before (%(default)s)")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    options = parser.parse_args()
    machine = machine_lines(PACKAGES)
    if options.postgres:
        with own_server() as url:
            found = list(rows(url, "PostgreSQL", options))
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = list(rows(Path(folder) / "gallery.db", "SQLite", options))
    print(as_markdown(found) if options.markdown else as_text(found))
    print("", *machine, sep="\n")
    return int(any(row.passed is False for row in found))


if __name__ == "__main__":
    sys.exit(main())
