"""A fresh gallery for each test: in a file, and for most tests once more on a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL
from large_gallery import count_as_large, large_database
from people_files import copied, make_gallery
from server import Server

from facenet_app.domain import Place, ServerUrl
from facenet_app.gallery import sqlite_database
from facenet_app.gallery.store import GalleryStore

ON_SERVER = pytest.param("postgres", marks=pytest.mark.postgres)


IN_A_FILE = {
    "test_bulk": "takes long, and asks of the database no more than others do",
    "test_gate": "the same",
    "test_encryption": "a server's searches have to read the embeddings",
    "test_encryption_faults": "the same",
}
"""Modules whose tests run on a file alone, and why."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a gallery file can be made."""
    return tmp_path / "people" / "gallery.db"


@pytest.fixture
def url(server: Server) -> Iterator[ServerUrl]:
    """A database of its own, with the tables of an empty gallery."""
    with server.database() as address:
        yield address


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of what both databases promise run on both; one that asks for ``path`` is about the file."""
    if "place" in metafunc.fixturenames:
        of_file = "path" in metafunc.fixturenames or metafunc.module.__name__ in IN_A_FILE
        databases = ["sqlite"] if of_file else ["sqlite", ON_SERVER]
        metafunc.parametrize("place", databases, indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    """Where a gallery can be made."""
    found: Place = request.getfixturevalue("path" if request.param == "sqlite" else "url")
    return found


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty gallery in a file, to be copied: making the tables takes eight times as long."""
    path = tmp_path_factory.mktemp("empty") / "gallery.db"
    GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT).close()
    return path


@pytest.fixture
def store(place: Place, empty_file: Path) -> Iterator[GalleryStore]:
    """An empty gallery, copied as the databases of :class:`server.Server` are."""
    if isinstance(place, Path):
        copied(empty_file, place.parent)
    with GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT) as opened:
        yield opened


@pytest.fixture(scope="session")
def thirty_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a gallery, to be copied; see :func:`people_files.make_gallery`."""
    return make_gallery(tmp_path_factory.mktemp("thirty") / "gallery.db")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Galleries opened from here on give up on a lock at once."""
    monkeypatch.setattr(sqlite_database, "PATIENCE", 0.1)


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[GalleryStore]:
    """One gallery for many small worlds; each test clears it."""
    with server.database() as url, GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store:
        yield store


@pytest.fixture(scope="session")
def measured_database(server: Server) -> Iterator[str]:
    """Name of a database that counts as large."""
    with large_database(server) as name:
        yield name


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, server: Server, measured_database: str) -> Iterator[GalleryStore]:
    """A copy of that gallery, on a server whose galleries count as large."""
    count_as_large(monkeypatch)
    with (
        server.database(measured_database) as url,
        GalleryStore.open(url, model=MODEL, fingerprint=FINGERPRINT) as store,
    ):
        yield store
