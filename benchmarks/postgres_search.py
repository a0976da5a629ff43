"""Searching a large gallery on PostgreSQL with pgvector: recall, waiting times of many clients, building.

Embeddings are made up: people are random directions with several pictures around each, as far apart
as pictures of one face are. Every answer is compared with brute force in NumPy over the same vectors,
in the same run. A server is started in a temporary folder, or in --folder, which keeps the gallery for
the next run; or --url gives one (a database that is empty, or that an earlier run filled).

    uv run benchmarks/postgres_search.py --samples 100000
    uv run benchmarks/postgres_search.py --samples 1000000 --folder /var/tmp/million
    uv run benchmarks/postgres_search.py --samples 1000000 --url postgresql+psycopg://me@host/empty
"""

import argparse
import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from measurement import Measurement, as_markdown, as_text, at_least, at_most, machine_lines
from numpy.typing import NDArray
from own_server import own_server
from sqlalchemy import Connection, text

from facenet_app.domain import Embedding, Quality, SampleDraft, ServerUrl, Template
from facenet_app.gallery.server_index import Measured
from facenet_app.gallery.store import GalleryStore

MODEL, FINGERPRINT = "made-up", "made-up:1"
DIMENSION = 128
PICTURES = 4
"""Samples of each person."""
SPREAD = 0.8
"""Length of what is added to a person's direction for each picture, about that of good photos of a face."""
CHUNK = 50_000
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


@dataclass(frozen=True)
class World:
    """Samples, float32 (samples, 128), PICTURES a person, in order; and probes with pictures like them."""

    vectors: NDArray[np.float32]
    probes: NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def pictures(people: NDArray[np.float32], each: int, rng: np.random.Generator) -> NDArray[np.float32]:
    rows = np.repeat(people, each, axis=0)
    return unit(rows + SPREAD / np.sqrt(DIMENSION) * rng.normal(size=rows.shape))


def make_world(samples: int, probes: int) -> World:
    """Half of the probes are new pictures of enrolled people, half of strangers."""
    rng = np.random.default_rng(7)
    people = unit(rng.normal(size=(samples // PICTURES, DIMENSION)))
    vectors = np.concatenate(
        [pictures(people[at : at + CHUNK], PICTURES, rng) for at in range(0, len(people), CHUNK)]
    )
    known = people[rng.integers(len(people), size=probes // 2)]
    strangers = unit(rng.normal(size=(probes - len(known), DIMENSION)))
    return World(vectors, pictures(np.concatenate([known, strangers]), 1, rng))


def identity(number: int) -> str:
    return f"{number:032x}"


def copy_in(store: GalleryStore, world: World) -> float:
    """Seconds in which COPY stores people and samples, without the vectors for searching."""
    now = datetime.now(UTC).isoformat()
    start = time.perf_counter()
    with store._database._write_transaction() as connection:
        cursor = connection.connection.cursor()
        with cursor.copy("COPY identities (id, name, name_key, enrolled_at) FROM STDIN") as copy:
            for number in range(len(world.vectors) // PICTURES):
                copy.write_row((identity(number), f"P {number}", f"p {number}", now))
        columns = "id, identity_id, embedding, dimension, fingerprint, eye_distance, sharpness, reasons"
        with cursor.copy(f"COPY samples ({columns}, content_sha256, enrolled_at) FROM STDIN") as copy:
            for number, vector in enumerate(world.vectors):
                digest = hashlib.sha256(str(number).encode()).hexdigest()
                owner = identity(number // PICTURES)
                row = (digest[:32], owner, vector.tobytes(), DIMENSION, FINGERPRINT, 40.0, 9.0, "[]")
                copy.write_row((*row, digest, now))
        connection.execute(text("UPDATE gallery SET changes_since = revision"))  # nobody knows these yet
        return time.perf_counter() - start


def nearest_people(world: World, template: Template) -> NDArray[np.intp]:
    """The nearest person to each probe, by comparing with every row."""
    references = world.vectors
    if template is Template.CENTROID:
        references = unit(world.vectors.reshape(-1, PICTURES, DIMENSION).sum(axis=1, dtype=np.float64))
    best = np.full(len(world.probes), -np.inf, np.float32)
    rows = np.zeros(len(world.probes), np.intp)
    for at in range(0, len(references), CHUNK):
        products = world.probes @ references[at : at + CHUNK].T
        found = products.argmax(axis=1)
        values = products[np.arange(len(found)), found]
        better = values > best
        best[better], rows[better] = values[better], at + found[better]
    return rows if template is Template.CENTROID else rows // PICTURES


def brute_force_time(world: World) -> float:
    """Median seconds of one probe against all samples in NumPy."""
    took = []
    for probe in world.probes[:20]:
        start = time.perf_counter()
        (world.vectors @ probe).argmax()
        took.append(time.perf_counter() - start)
    return float(np.median(took))


@dataclass(frozen=True)
class Searched:
    """Whom each probe found; seconds of each search; seconds of processors in all, here and of the server."""

    people: list[str]
    took: list[float]
    here: float
    there: float


def server_seconds(store: GalleryStore) -> float:
    """Processor time of the server's processes so far; NaN if they are on another machine."""
    ask = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    pids = store._database.read(lambda connection: connection.execute(ask).scalars().all())
    try:
        times = [psutil.Process(pid).cpu_times() for pid in pids]
    except psutil.Error:
        return float("nan")
    return sum(each.user + each.system for each in times)


def search_all(store: GalleryStore, world: World, template: Template, clients: int) -> Searched:
    """Every probe, by so many clients at once."""

    def one(probe: NDArray[np.float32]) -> tuple[str, float]:
        start = time.perf_counter()
        (found,) = store.index().search(Embedding(probe, FINGERPRINT), 1, template)
        return found.identity_id, time.perf_counter() - start

    here, there = time.process_time(), server_seconds(store)
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(one, world.probes))
    here, there = time.process_time() - here, server_seconds(store) - there
    return Searched([person for person, _ in answers], [seconds for _, seconds in answers], here, there)


def enrolling(store: GalleryStore, count: int) -> float:
    """Median seconds of enrolling one person more."""
    took = []
    for vector in unit(np.random.default_rng().normal(size=(count, DIMENSION))):
        digest = hashlib.sha256(vector.tobytes()).hexdigest()
        draft = SampleDraft(Embedding(vector, FINGERPRINT), None, Quality(40.0, 9.0), digest)
        start = time.perf_counter()
        store.add(f"New {digest}", [draft])
        took.append(time.perf_counter() - start)
    return float(np.median(took))


def effort_in(table: str, kind: str, connection: Connection) -> int | None:
    """Of searches in a table, for probes of a kind; None: everybody is compared."""
    shares = Measured.all_of(connection)[table].recalls.to_dict()[kind]
    return min((effort for effort, share in shares.items() if share >= 0.999), default=None)


def measure(store: GalleryStore, world: World, clients: int) -> Iterator[Measurement]:
    count = len(world.vectors)
    if store.revision() == 0:
        seconds = copy_in(store, world)
        yield Measurement("committing rows by COPY: people and samples", f"{count / seconds:,.0f} samples/s")
    before = store._database.read(Measured.all_of)
    yield Measurement(
        "with the vectors for searching, both HNSW indexes and their recalls",
        f"{before['sample_vectors'].rows:,} samples, {before['centroids'].rows:,} people",
    )
    yield Measurement(
        "brute force in NumPy, one probe, all samples", f"{1e3 * brute_force_time(world):.1f} ms"
    )
    for template, table in ((Template.CENTROID, "centroids"), (Template.NEAREST, "sample_vectors")):
        efforts = [store._database.read(partial(effort_in, table, kind)) for kind in ("alike", "between")]
        truth = [identity(int(number)) for number in nearest_people(world, template)]
        search_all(store, world, template, clients)  # once to warm up
        done = search_all(store, world, template, clients)
        right = [a == b for a, b in zip(done.people, truth, strict=True)]
        half = len(right) // 2
        known, strangers = float(np.mean(right[:half])), float(np.mean(right[half:]))
        p95, of_known, of_strangers = (
            1e3 * float(np.quantile(took, 0.95)) for took in (done.took, done.took[:half], done.took[half:])
        )
        here, there = (1e3 * seconds / len(truth) for seconds in (done.here, done.there))
        looked = ", then ".join(str(effort or "everybody") for effort in efforts)
        name = f"{template.value}, {clients} clients, ef_search {looked}"
        yield at_least(f"recall@1 of enrolled people, {name}", f"{known:.4f}", known, 0.999, "")
        yield Measurement(f"recall@1 of strangers, {name}", f"{strangers:.4f}")
        shown = f"{p95:.1f} ms (enrolled people {of_known:.1f} ms, strangers {of_strangers:.1f} ms)"
        yield at_most(f"p95, {name}", shown, p95, 15.0, "< 15 ms")
        yield Measurement(f"processors a search, {name}", f"clients {here:.2f} ms, server {there:.2f} ms")
    yield Measurement("enrolling one person more, median", f"{1e3 * enrolling(store, 50):.1f} ms")


def report(url: ServerUrl, samples: int, probes: int, clients: int) -> Sequence[Measurement]:
    world = make_world(samples, probes)
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        start = time.perf_counter()
        rows = list(measure(store, world, clients))
        rows.append(Measurement("the whole run", f"{time.perf_counter() - start:.0f} s"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--probes", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--url", help="a database; without, a server is started")
    parser.add_argument("--folder", type=Path, help="keep the started server's data here, for other runs")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    machine = machine_lines(["psycopg", "pgvector", "sqlalchemy", "numpy"])
    if given.url:
        rows = report(ServerUrl.parse(given.url), given.samples, given.probes, given.clients)
    else:
        with own_server(given.folder) as url:
            rows = report(url, given.samples, given.probes, given.clients)
    print(
        "\n".join(
            [*machine, f"- {given.samples:,} samples, {PICTURES} a person, {DIMENSION} numbers each", ""]
        )
    )
    print(as_markdown(rows) if given.markdown else as_text(rows))


if __name__ == "__main__":
    main()
