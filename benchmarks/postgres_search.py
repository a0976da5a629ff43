"""Searching a large gallery on PostgreSQL with pgvector: recall, waiting times of many clients, building.

Embeddings are made up: people are random directions with several pictures around each, as far apart
as pictures of one face are. With --like they are spread as those of a folder of labelled pictures, some of
which are then enrolled and searched for as well. Every answer is compared with brute force in NumPy over the
same vectors, in the same run. A server is started in a temporary folder, or in --folder, which keeps the
gallery for the next run; or --url gives one (a database that is empty, or that an earlier run filled).

    uv run benchmarks/postgres_search.py --samples 100000
    uv run benchmarks/postgres_search.py --samples 100000 --like ../shared/data/lfw/images
    uv run benchmarks/postgres_search.py --samples 1000000 --folder /var/tmp/million
    uv run benchmarks/postgres_search.py --samples 1000000 --url postgresql+psycopg://me@host/empty
"""

import argparse
import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from made_faces import Faces, compared, unit
from made_gallery import (
    DIMENSION,
    FINGERPRINT,
    MODEL,
    PICTURES,
    World,
    copy_in,
    embedded,
    identity,
    make_world,
    nearest_people,
)
from measurement import Measurement, as_markdown, as_text, at_least, at_most, machine_lines
from numpy.typing import NDArray
from own_server import own_server
from sqlalchemy import Connection, text

from facenet_app.domain import Embedding, Quality, SampleDraft, ServerUrl, ServerUse, Template
from facenet_app.gallery import server_vectors
from facenet_app.gallery.server_index import Measured
from facenet_app.gallery.store import GalleryStore

TABLES = {Template.CENTROID: "centroids", Template.NEAREST: "sample_vectors"}


def brute_force_time(world: World) -> float:
    """Median seconds of one probe against all samples in NumPy."""
    took = []
    for probe in world.probes["enrolled"][:20]:
        start = time.perf_counter()
        (world.vectors @ probe).argmax()
        took.append(time.perf_counter() - start)
    return float(np.median(took))


@dataclass(frozen=True)
class Searched:
    """Whom each probe found, how far; seconds of each search, and of processors in all, here and there."""

    people: list[str]
    far: NDArray[np.float64]
    took: list[float]
    here: float
    there: float

    def times(self) -> str:
        p50, p95 = (1e3 * float(np.quantile(self.took, share)) for share in (0.5, 0.95))
        here, there = (1e3 * seconds / len(self.took) for seconds in (self.here, self.there))
        return f"p50 {p50:.1f}, p95 {p95:.1f} ms; processors: clients {here:.2f}, server {there:.2f} ms"


def server_seconds(store: GalleryStore) -> float:
    """Processor time of the server's processes so far; NaN if they are on another machine."""
    ask = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    pids = store._database.read(lambda connection: connection.execute(ask).scalars().all())
    try:
        times = [psutil.Process(pid).cpu_times() for pid in pids]
    except psutil.Error:
        return float("nan")
    return sum(each.user + each.system for each in times)


def search_all(
    store: GalleryStore, probes: NDArray[np.float32], template: Template, clients: int
) -> Searched:
    """Every probe, by so many clients at once."""

    def one(probe: NDArray[np.float32]) -> tuple[str, float, float]:
        start = time.perf_counter()
        (found,) = store.index().search(Embedding(probe, FINGERPRINT), 1, template)
        return found.identity_id, found.distance, time.perf_counter() - start

    here, there = time.process_time(), server_seconds(store)
    with ThreadPoolExecutor(clients) as pool:
        people, far, took = zip(*pool.map(one, probes), strict=True)
    here, there = time.process_time() - here, server_seconds(store) - there
    return Searched(list(people), np.array(far), list(took), here, there)


def plain_query(store: GalleryStore, world: World, clients: int, looked: int) -> Measurement:
    """For comparison: a plain query for the one nearest centroid, prepared, by psycopg.

    Nothing is compared exactly, looked up or left out, and how far to look (``hnsw.ef_search``) is fixed.
    """
    query = (
        f"SELECT identity_id FROM centroids WHERE fingerprint = '{FINGERPRINT}' "
        f"ORDER BY vector::halfvec({DIMENSION}) <-> %s::halfvec({DIMENSION}) LIMIT 1"
    )
    probes = [server_vectors.as_text(each) for each in world.probes["enrolled"]]
    truth, _ = nearest_people(world.vectors, world.probes["enrolled"], Template.CENTROID)

    def ask(numbers: range) -> list[tuple[bool, float]]:
        found = []
        lent = store._database._engine.raw_connection()
        connection: Any = lent.driver_connection
        lent.detach()
        with connection:
            connection.autocommit, connection.prepare_threshold = True, 0
            connection.execute(f"SET hnsw.ef_search = {looked}")
            for number in numbers:
                start = time.perf_counter()
                row = connection.execute(query, [probes[number]]).fetchone()
                took = time.perf_counter() - start
                found.append((row is not None and row[0] == identity(int(truth[number])), took))
        return found

    def everybody() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        shares = [range(first, len(probes), clients) for first in range(clients)]
        with ThreadPoolExecutor(clients) as pool:
            right, took = zip(*(each for found in pool.map(ask, shares) for each in found), strict=True)
        return np.array(right), np.array(took)

    everybody()  # once to warm up
    right, took = everybody()
    p50, p95 = (1e3 * float(np.quantile(took, share)) for share in (0.5, 0.95))
    said = f"recall@1 {right.mean():.4f}; p50 {p50:.1f}, p95 {p95:.1f} ms"
    return Measurement(f"{clients} clients, enrolled, a plain query, ef_search {looked}", said)


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


def rows_looked_at(table: str, connection: Connection) -> str:
    """Of the index by a search that is sure of nobody."""
    shares = Measured.all_of(connection)[table].recalls.shares
    return str(min((rows for rows, share in shares.items() if share >= 0.999), default="all"))


def filled(store: GalleryStore, world: World) -> Iterator[Measurement]:
    count = len(world.vectors)
    if store.revision() == 0:
        seconds = copy_in(store, world)
        yield Measurement("committing rows by COPY: people and samples", f"{count / seconds:,.0f} samples/s")
    for name, found in store._database.read(Measured.all_of).items():
        shares = ", ".join(f"{rows}: {share:.3f}" for rows, share in found.recalls.shares.items())
        said = (
            f"{found.rows:,} rows; sure within {found.recalls.sure:.2f}; found within so many rows: {shares}"
        )
        yield Measurement(f"index of {name}", said)
    yield Measurement(
        "brute force in NumPy, one probe, all samples", f"{1e3 * brute_force_time(world):.1f} ms"
    )


def searched(store: GalleryStore, world: World, template: Template, clients: int) -> Iterator[Measurement]:
    """Each kind of probe by itself, and all of them mixed."""
    truths = {kind: nearest_people(world.vectors, each, template) for kind, each in world.probes.items()}
    # As strict as the default: one in a hundred strangers is named.
    threshold = float(np.quantile(truths["strangers"][1], 0.01))
    sure = store._database.read(Measured.all_of)[TABLES[template]].recalls.sure
    for kind, probes in world.probes.items():
        search_all(store, probes, template, clients)  # once to warm up
        done = search_all(store, probes, template, clients)
        truth, far = truths[kind]
        right = np.array(done.people) == [identity(int(number)) for number in truth]
        named, must = done.far <= threshold, far <= threshold
        same = float(np.mean(np.where(must, named & right, ~named)))
        recall, name = float(right.mean()), f"{kind}, {template.value}"
        said = f"{recall:.4f} of {len(probes):,}"
        if kind.startswith("enrolled"):
            yield at_least(f"recall@1, {name}", said, recall, 0.999, "")
        else:
            yield Measurement(f"recall@1, {name}", said)
        nearer = far < sure
        said = f"{right[nearer].mean():.4f} of {nearer.sum():,}" if nearer.any() else "there are none"
        yield Measurement(f"the same of those nearer than {sure:.2f}, {name}", said)
        yield Measurement(f"decided as by brute force at {threshold:.3f}, {name}", f"{same:.4f}")
        p95 = 1e3 * float(np.quantile(done.took, 0.95))
        yield at_most(f"{clients} clients, {name}", done.times(), p95, 15.0, "p95 < 15 ms")
    mixed = np.random.default_rng(1).permutation(np.concatenate(list(world.probes.values())))
    done = search_all(store, mixed, template, clients)
    yield Measurement(f"{clients} clients, all of these mixed, {template.value}", done.times())


def in_memory(
    url: ServerUrl, world: World, templates: Sequence[Template], clients: int
) -> Iterator[Measurement]:
    """The same with ``FACENET_APP_SEARCH_IN=memory``, which compares with everybody."""
    mixed = np.random.default_rng(1).permutation(np.concatenate(list(world.probes.values())))
    use = ServerUse(in_memory=True)
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, use=use) as store:
        start = time.perf_counter()
        store.index()
        yield Measurement("loading into memory", f"{time.perf_counter() - start:.1f} s")
        for template in templates:
            truth, _ = nearest_people(world.vectors, mixed, template)
            search_all(store, mixed[:100], template, clients)  # once to warm up
            done = search_all(store, mixed, template, clients)
            right = np.array(done.people) == [identity(int(number)) for number in truth]
            recall, name = float(right.mean()), f"in memory, {template.value}"
            yield at_least(f"recall@1, {name}", f"{recall:.4f}", recall, 0.999, "")
            p95 = 1e3 * float(np.quantile(done.took, 0.95))
            yield at_most(f"{clients} clients, {name}", done.times(), p95, 15.0, "p95 < 15 ms")


def report(
    url: ServerUrl, world: World, templates: Sequence[Template], clients: int
) -> Iterator[Measurement]:
    start = time.perf_counter()
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        yield from filled(store, world)
        if store._database.read(Measured.all_of)["centroids"].fingerprint:  # else there is no index yet
            for looked in (50, 100, 150, 200, 300, 400):
                yield plain_query(store, world, clients, looked)
        for template in templates:
            rows = store._database.read(partial(rows_looked_at, TABLES[template]))
            yield Measurement(f"rows looked at for strangers, {template.value}", rows)
            yield from searched(store, world, template, clients)
    yield from in_memory(url, world, templates, clients)
    as_it_is = ServerUse(recall=1)  # no index is built now
    with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT, use=as_it_is) as store:
        yield Measurement("enrolling one person more, median", f"{1e3 * enrolling(store, 50):.1f} ms")
    yield Measurement("the whole run", f"{time.perf_counter() - start:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--probes", type=int, default=1000, help="of each kind")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--like", type=Path, help="folder with one folder of pictures a person")
    parser.add_argument(
        "--template", type=Template, action="append", help="centroid or nearest; both without"
    )
    parser.add_argument("--url", help="a database; without, a server is started")
    parser.add_argument("--folder", type=Path, help="keep the started server's data here, for other runs")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    lines = machine_lines(["psycopg", "pgvector", "sqlalchemy", "numpy"])
    lines += [f"- {given.samples:,} samples, {PICTURES} a person, {DIMENSION} numbers each", ""]
    real = embedded(given.like) if given.like else None
    if real is None:
        faces, rows = Faces.in_random_directions(DIMENSION), []
    else:
        faces = Faces.like(real.vectors, real.identities)
        rows = [Measurement(*each) for each in compared(faces, real.vectors, real.identities)]
    world = make_world(faces, given.samples, given.probes, real)
    with nullcontext(ServerUrl.parse(given.url)) if given.url else own_server(given.folder) as url:
        rows += report(url, world, given.template or list(Template), given.clients)
    print("\n".join([*lines, as_markdown(rows) if given.markdown else as_text(rows)]))


if __name__ == "__main__":
    main()
