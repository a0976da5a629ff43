"""How fast a face is found among many, how much memory that takes, and how soon one more is found.

Galleries of made-up embeddings in SQLite (128 numbers; people lie apart as faces do, samples of a person
together) are loaded and searched, beside FAISS's flat index and a float32 product in NumPy over the same
vectors in the same run, in turns. ::

    python benchmarks/gallery_search.py --samples 100000 1000000 --markdown
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import psutil
from measurement import Measurement, as_markdown, as_text, at_most, machine_lines
from numpy.typing import NDArray
from sqlalchemy import insert

from facenet_app.domain import Embedding, Quality, SampleDraft, Template
from facenet_app.gallery.schema import identities, samples
from facenet_app.gallery.store import GalleryStore

MODEL, FINGERPRINT, DIMENSION = "made-up", "made-up:1", 128
NEAREST = 5
TURN = 10
SEARCH_TARGETS = {100_000: 2.5, 1_000_000: 12.0}
"""Milliseconds of a search, the median."""
LOADING, MEMORY, UPDATE = 8.0, 1.3, 10.0
"""Seconds to load a million; bytes for each byte of raw vectors; milliseconds until one more is found."""
PACKAGES = ("numpy", "faiss-cpu", "sqlalchemy")

Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.float64] | Vectors) -> Vectors:
    """The rows at length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def blocks(count: int, per_person: int, size: int = 20_000) -> Iterator[tuple[range, Vectors]]:
    """Rows and their vectors: samples of one person at distances of about 0.8, of two at 1.4."""
    rng = np.random.default_rng(0)
    people = unit(rng.standard_normal((-(-count // per_person), DIMENSION), np.float32))
    for first in range(0, count, size):
        rows = range(first, min(first + size, count))
        noise = rng.standard_normal((len(rows), DIMENSION), np.float32) * np.float32(0.6 / DIMENSION**0.5)
        yield rows, unit(people[np.arange(rows.start, rows.stop) % len(people)] + noise)


def fill(store: GalleryStore, count: int, per_person: int) -> None:
    """Many samples without crops, in a few transactions."""
    people = -(-count // per_person)
    now = datetime.now(UTC)
    common = {"dimension": DIMENSION, "fingerprint": FINGERPRINT, "enrolled_at": now, "reasons": []}
    quality = {"eye_distance": 60.0, "sharpness": 20.0}
    rng = np.random.default_rng(1)
    ids = [rng.bytes(16).hex() for _ in range(people)]
    with store._database._write_transaction() as connection:
        names = ((key, f"Person {number:07d}") for number, key in enumerate(ids))
        rows = [
            {"id": key, "name": name, "name_key": name.lower(), "enrolled_at": now} for key, name in names
        ]
        connection.execute(insert(identities), rows)
    for numbers, vectors in blocks(count, per_person):
        with store._database._write_transaction() as connection:
            connection.execute(
                insert(samples),
                [
                    {
                        **common,
                        **quality,
                        "id": rng.bytes(16).hex(),
                        "identity_id": ids[number % people],
                        "embedding": vector.tobytes(),
                        "content_sha256": rng.bytes(32).hex(),
                    }
                    for number, vector in zip(numbers, vectors, strict=True)
                ],
            )


@contextmanager
def gallery(folder: Path, count: int, per_person: int) -> Iterator[Path]:
    """A gallery file; one that is in ``folder`` already is used again."""
    path = folder / f"gallery-{count}-{per_person}.db"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with GalleryStore.open(part, model=MODEL, fingerprint=FINGERPRINT) as store:
            fill(store, count, per_person)
        part.rename(path)
    yield path


@dataclass(frozen=True)
class Took:
    """Milliseconds by the clock, and of processors; other programs disturb the second less."""

    clock: float
    processors: float


def timed(run: Callable[[], object]) -> Took:
    start, begun = time.perf_counter(), time.process_time()
    run()
    return Took(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - begun))


def probes(count: int, per_person: int, wanted: int) -> list[Embedding]:
    """Half of them like people of the gallery, half strangers."""
    rng = np.random.default_rng(2)
    _, known = next(iter(blocks(count, per_person)))
    noise = rng.standard_normal((wanted, DIMENSION)) * (0.6 / DIMENSION**0.5)
    mixed = np.where(np.arange(wanted)[:, np.newaxis] % 2, known[:wanted] + noise, noise)
    return [Embedding(vector, FINGERPRINT) for vector in unit(mixed)]


def middle(times: list[Took]) -> float:
    return float(np.median([each.clock for each in times]))


def spread(times: list[Took]) -> str:
    clock = [each.clock for each in times]
    worked = np.median([each.processors for each in times])
    return f"p50 {middle(times):.2f} ms, p95 {np.percentile(clock, 95):.2f} ms; processors {worked:.2f} ms"


def measure_loading(store: GalleryStore, count: int) -> list[Measurement]:
    """Time and memory from an open gallery to the first answer, with the codes made."""
    probe = Embedding(unit(np.ones((1, DIMENSION)))[0], FINGERPRINT)
    raw = 4 * DIMENSION * count
    process = psutil.Process()
    store.revision()
    gc.collect()
    before = process.memory_info().rss
    loading = timed(store.index)
    first = timed(lambda: store.index().search(probe, NEAREST))
    held = (process.memory_info().rss - before) / raw
    what = f"{count:,}: loading from SQLite"
    shown = (
        f"{loading.clock / 1000:.1f} s ({loading.processors / 1000:.1f} s of processors), first search "
        f"{first.clock / 1000:.1f} s more ({first.processors / 1000:.1f} s)"
    )
    rows = [
        at_most(what, shown, loading.clock / 1000, LOADING, f"< {LOADING:g} s")
        if count >= 1_000_000
        else Measurement(what, shown)
    ]
    for template in (Template.CENTROID, Template.NEAREST):
        if template is Template.NEAREST:
            store.index().search(probe, NEAREST, template)
            held = (process.memory_info().rss - before) / raw
        what = f"{count:,}: memory after a search by {template}"
        if template is Template.NEAREST or count < 1_000_000:
            rows.append(Measurement(what, f"{held:.2f} × the raw vectors"))
        else:
            rows.append(
                at_most(what, f"{held:.2f} × the raw vectors", held, MEMORY, f"≤ {MEMORY:g} × the vectors")
            )
    return rows


def measure_search(store: GalleryStore, count: int, per_person: int, searches: int) -> list[Measurement]:
    """All in turns; ours by both templates, the others for the nearest samples."""
    index = store.index()
    vectors = np.concatenate([block for _, block in blocks(count, per_person)])
    flat = faiss.IndexFlatL2(DIMENSION)
    flat.add(vectors)
    runs: dict[str, Callable[[Embedding], object]] = {
        f"ours, {template}": lambda probe, by=template: index.search(probe, NEAREST, by)
        for template in Template
    }
    runs["FAISS flat"] = lambda probe: flat.search(probe.vector[np.newaxis], NEAREST)
    runs["NumPy"] = lambda probe: np.argpartition(vectors @ probe.vector, -NEAREST)[-NEAREST:]
    asked = probes(count, per_person, searches)
    taken: dict[str, list[Took]] = {name: [] for name in runs}
    for first in range(0, searches, TURN):
        for name, run in runs.items():
            taken[name] += [timed(partial(run, probe)) for probe in asked[first : first + TURN]]
    rows = []
    for name, times in taken.items():
        target = SEARCH_TARGETS.get(count)
        what, shown = f"{count:,}: search, {name}", spread(times)
        if target and name.startswith("ours"):
            rows.append(at_most(what, shown, middle(times), target, f"p50 < {target:g} ms"))
        else:
            rows.append(Measurement(what, shown))
    return [*rows, same_as_brute_force(store, vectors, asked[:20])]


def same_as_brute_force(store: GalleryStore, vectors: Vectors, asked: list[Embedding]) -> Measurement:
    """The distances of the nearest people by their nearest sample, against float64 over all rows."""
    index, agree = store.index(), 0
    for probe in asked:
        (found,) = index.search(probe, 1, Template.NEAREST)
        least = min(
            np.linalg.norm(vectors[first : first + 50_000].astype(np.float64) - probe.vector, axis=1).min()
            for first in range(0, len(vectors), 50_000)
        )
        agree += abs(found.distance - least) < 1e-12
    what, shown = f"{len(vectors):,}: nearest as by brute force", f"{agree} of {len(asked)}"
    return Measurement(what, shown, "all", agree == len(asked))


def measure_update(path: Path, reader: GalleryStore, count: int, times: int = 30) -> list[Measurement]:
    """One store enrolls, another one, as another process would, looks again and finds the face."""
    rng = np.random.default_rng(int(time.time()))
    enrolling, until_found = [], []
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as writer:
        for _ in range(times):
            vector = unit(rng.standard_normal((1, DIMENSION)))[0]
            name, digest = f"New {rng.bytes(8).hex()}", rng.bytes(32).hex()
            draft = SampleDraft(Embedding(vector, FINGERPRINT), None, Quality(60.0, 20.0), digest)
            enrolling.append(timed(partial(writer.add, name, [draft])))
            until_found.append(timed(reader.index))
            (found,) = reader.index().search(draft.embedding, 1)
            assert found.name == name
    return [
        Measurement(f"{count:,}: enrolling one more, durably", spread(enrolling)),
        at_most(
            f"{count:,}: bringing another process's index up to date",
            spread(until_found),
            middle(until_found),
            UPDATE,
            f"p50 < {UPDATE:g} ms",
        ),
    ]


def main() -> int:
    """Measure, print, and return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--per-person", type=int, default=5, help="samples of each (default %(default)s)")
    parser.add_argument("--searches", type=int, default=200, help="of each kind (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of FAISS (default %(default)s)")
    parser.add_argument("--folder", type=Path, help="keep the galleries here, for other runs")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    options = parser.parse_args()
    faiss.omp_set_num_threads(options.threads)
    machine = machine_lines(PACKAGES)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for count in options.samples:
            with (
                gallery(options.folder or Path(temporary), count, options.per_person) as path,
                GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store,
            ):
                rows += measure_loading(store, count)
                rows += measure_search(store, count, options.per_person, options.searches)
                rows += measure_update(path, store, count)
    print("\n".join([as_markdown(rows), "", *machine]) if options.markdown else as_text(rows))
    return int(any(row.passed is False for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
