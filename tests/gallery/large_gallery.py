"""A gallery on a server that counts as large: 150 people of one to three samples, like each other's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, unit
from numpy.typing import NDArray
from server import Server
from sqlalchemy import Connection, text

from facenet_app.domain import Candidate, Embedding, SampleDraft, Template
from facenet_app.gallery import made_up_probes, server_index
from facenet_app.gallery.load import load_index
from facenet_app.gallery.postgres_database import PostgresDatabase
from facenet_app.gallery.store import GalleryStore

PEOPLE = 150


def count_as_large(patch: pytest.MonkeyPatch) -> None:
    """Galleries of a hundred."""
    patch.setattr(server_index, "FEWEST_ROWS", 100)
    patch.setattr(made_up_probes, "PROBES", 60)


@contextmanager
def large_database(server: Server) -> Iterator[str]:
    """Name of a database with such a gallery, its indexes measured."""
    with server.database() as url:
        with pytest.MonkeyPatch.context() as patch:
            count_as_large(patch)
            with GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
                store.add_people([(f"Person {n:03d}", drafts(n)) for n in range(PEOPLE)])
        yield url.database


def at(number: int, vector: NDArray[np.float32]) -> SampleDraft:
    return replace(draft(number), embedding=Embedding(vector, FINGERPRINT))


def drafts(person: int) -> list[SampleDraft]:
    """One to three pictures of a person, near each other."""
    found = []
    for number in range(1 + person % 3):
        mixed = unit(person) + 0.4 * unit(5000 + 10 * person + number)
        vector = (mixed / np.linalg.norm(mixed)).astype(np.float32)
        found.append(at(10 * person + number, vector))
    return found


def wait_for_indexes(store: GalleryStore) -> None:
    """Until those that a write made due are built; closing waits as well."""
    assert isinstance(store._database, PostgresDatabase)
    store._database._indexes.wait()


def in_memory(store: GalleryStore, probe: Embedding, k: int, template: Template) -> list[Candidate]:
    return load_index(store._database, datetime.now(UTC)).index.search(probe, k, template)


def rows_enough(connection: Connection, table: str, fingerprint: str, recall: float) -> int | None:
    """How many rows of its index the server looks at; None: it compares with everybody."""
    given = {"table": table, "whose": fingerprint, "recall": recall}
    query = text(f"SELECT rows_enough(:table, :whose, :recall, {server_index.FEWEST_ROWS})")
    found: int | None = connection.execute(query, given).scalar_one()
    return found


def both_enough(store: GalleryStore, fingerprint: str, recall: float = 0.999) -> list[int | None]:
    """Of searches by centroid, and by sample."""
    tables = ("centroids", "sample_vectors")
    return store._database.read(
        lambda connection: [rows_enough(connection, table, fingerprint, recall) for table in tables]
    )
