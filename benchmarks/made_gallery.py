"""A large gallery of made-up people on PostgreSQL, what to search it with, and the truth about that."""

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from lfw_operating_points import embed
from made_faces import Faces, unit
from numpy.typing import NDArray
from sqlalchemy import text

from facenet_app.domain import Template
from facenet_app.gallery.store import GalleryStore
from facenet_app.settings import load_settings

__all__ = [
    "DIMENSION",
    "FINGERPRINT",
    "MODEL",
    "PICTURES",
    "Real",
    "World",
    "copy_in",
    "embedded",
    "identity",
    "make_world",
    "nearest_people",
]

MODEL, FINGERPRINT = "made-up", "made-up:1"
DIMENSION = 128
PICTURES = 4
"""Samples of each person."""
FIRST, REST = slice(PICTURES), slice(PICTURES, None)
CHUNK = 50_000


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
