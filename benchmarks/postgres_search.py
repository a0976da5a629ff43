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
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from lfw_operating_points import embed
from made_faces import Faces, compared, unit
from measurement import Measurement, as_markdown, as_text, at_least, at_most, machine_lines
from numpy.typing import NDArray
from own_server import own_server
from sqlalchemy import Connection, text

from facenet_app.domain import Embedding, Quality, SampleDraft, ServerUrl, ServerUse, Template
from facenet_app.gallery.server_index import Measured
from facenet_app.gallery.store import GalleryStore
from facenet_app.settings import load_settings

MODEL, FINGERPRINT = "made-up", "made-up:1"
DIMENSION = 128
PICTURES = 4
"""Samples of each person."""
FIRST, REST = slice(PICTURES), slice(PICTURES, None)
CHUNK = 50_000
TABLES = {Template.CENTROID: "centroids", Template.NEAREST: "sample_vectors"}
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


@dataclass(frozen=True)
class World:
    """Samples, float32 (samples, 128), PICTURES a person, in order; and kinds of probes like them."""

    vectors: NDArray[np.float32]
    probes: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Real:
    """Embeddings of labelled pictures: float32 (pictures, 128), int64 (pictures,)."""

    vectors: NDArray[np.float32]
    identities: NDArray[np.int64]


def embedded(images: Path) -> Real:
    """Those of the default model, from the cache where they are."""
    pictures, found = embed(load_settings(), images)
    return Real(found.vectors[found.found], pictures.identities[found.found])


def make_world(faces: Faces, samples: int, probes: int, real: Real | None) -> World:
    """As many probes of each kind: new pictures of enrolled people, and strangers; made-up ones and, if
    there are real ones, those, whose people are then among the enrolled.
    """
    rng = np.random.default_rng(7)
    people = faces.people(samples // PICTURES, rng)
    vectors = np.concatenate(
        [faces.pictures(people[at : at + CHUNK], PICTURES, rng) for at in range(0, len(people), CHUNK)]
    )
    kinds = {
        "enrolled": faces.pictures(people[rng.integers(len(people), size=probes)], 1, rng),
        "strangers": faces.pictures(faces.people(probes, rng), 1, rng),
    }
    if real is not None:
        enrolled, others, strangers = divided(real)
        vectors[: len(enrolled)] = enrolled  # in the place of the first made-up people
        kinds |= {"enrolled, real": others[:probes], "strangers, real": strangers[:probes]}
        kinds = {name: rng.permutation(each) for name, each in kinds.items()}
    return World(vectors, kinds)


def divided(real: Real) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """PICTURES to enroll of everybody with more; their others; and one picture of each of the rest."""
    order = np.argsort(real.identities, kind="stable")
    of = [order[real.identities[order] == each] for each in np.unique(real.identities)]
    many = [rows for rows in of if len(rows) > PICTURES]
    enrolled, others = (np.concatenate([rows[part] for rows in many]) for part in (FIRST, REST))
    strangers = [rows[0] for rows in of if len(rows) <= PICTURES]
    return real.vectors[enrolled], real.vectors[others], real.vectors[strangers]


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


def nearest_people(
    vectors: NDArray[np.float32], probes: NDArray[np.float32], template: Template
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The nearest person to each probe, and how far they are, by comparing with every row."""
    references = vectors
    if template is Template.CENTROID:
        references = unit(vectors.reshape(-1, PICTURES, DIMENSION).sum(axis=1, dtype=np.float64))
    best = np.full(len(probes), -np.inf, np.float32)
    rows = np.zeros(len(probes), np.intp)
    for at in range(0, len(references), CHUNK):
        products = probes @ references[at : at + CHUNK].T
        found = products.argmax(axis=1)
        values = products[np.arange(len(found)), found]
        better = values > best
        best[better], rows[better] = values[better], at + found[better]
    far = np.sqrt(np.maximum(2 - 2 * best, 0))
    return rows if template is Template.CENTROID else rows // PICTURES, far


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
        for template in templates:
            looked = store._database.read(partial(rows_looked_at, TABLES[template]))
            yield Measurement(f"rows looked at for strangers, {template.value}", looked)
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
