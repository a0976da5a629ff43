"""Files that fail: every one a GalleryError in one sentence, with what to do next and the cause."""

import os
import random
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from drafts import FINGERPRINT, MODEL, draft, embed_differently, embedding
from sqlalchemy import Engine, event

from facenet_app.errors import GalleryError
from facenet_app.gallery.store import GalleryStore


def opened(path: Path, fingerprint: str | None = FINGERPRINT) -> GalleryStore:
    return GalleryStore.open(path, model=MODEL, fingerprint=fingerprint)


def refused(use: Callable[[], object], says: str) -> GalleryError:
    """The error that ``use`` raises, which must be fit for people."""
    with pytest.raises(GalleryError, match=says) as caught:
        use()
    error = caught.value
    assert error.hint
    assert "\n" not in str(error)
    assert "SELECT" not in str(error)
    return error


@contextmanager
def without_privileges() -> Iterator[None]:
    """As a user whom permissions stop: root, whom they do not, becomes nobody for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def filled(path: Path) -> Path:
    """A gallery with three people, closed."""
    with opened(path) as store:
        for number, name in enumerate(["Anna", "Bea", "Cleo"]):
            store.add(name, [draft(2 * number), draft(2 * number + 1)])
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"name,embedding\nAnna,0.1\n" * 50,
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        b"x",
        bytes(5000),
    ],
)
def test_a_file_that_is_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    refused(lambda: opened(path), "is not a gallery")
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    content = path.read_bytes()
    refused(lambda: opened(path), "is not a gallery")
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder(tmp_path: Path) -> None:
    refused(lambda: opened(tmp_path), "is a folder")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = refused(lambda: opened(tmp_path / "file" / "deep" / "gallery.db"), "cannot be opened")
    assert isinstance(error.__cause__, OSError)


def test_reembedding_makes_no_gallery(tmp_path: Path) -> None:
    refused(lambda: opened(tmp_path / "a" / "gallery.db", None), "there is no gallery at")
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_created(public_folder: Path) -> None:
    with without_privileges():
        error = refused(lambda: opened(Path("/") / "nobodys" / "gallery.db"), "permission denied")
    assert isinstance(error.__cause__, PermissionError)
    with opened(public_folder / "warm.db"):  # what is imported late must not be imported as nobody
        pass
    public_folder.chmod(0o555)
    with without_privileges():
        refused(lambda: opened(public_folder / "gallery.db"), "permission denied")


def test_a_gallery_that_can_only_be_read(public_folder: Path) -> None:
    path = public_folder / "gallery.db"
    with opened(path) as store:
        store.add("Anna", [draft(1)])
    path.chmod(0o444)
    public_folder.chmod(0o555)
    with without_privileges():
        error = refused(lambda: opened(path), "cannot be opened for writing")
        assert error.__cause__ is not None
    public_folder.chmod(0o755)


def test_a_disk_that_is_full(filled: Path) -> None:
    def small_disk(connection: sqlite3.Connection, _entry: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    event.listen(Engine, "connect", small_disk)
    try:
        with opened(filled) as store:
            error = refused(
                lambda: store.add("Dora", [draft(seed) for seed in range(20, 80)]), "disk is full"
            )
            assert error.__cause__ is not None
            assert [who.name for who in store.identities()] == ["Anna", "Bea", "Cleo"]
            assert store.index().samples == 6
    finally:
        event.remove(Engine, "connect", small_disk)
    with opened(filled) as store:
        store.add("Dora", [draft(seed) for seed in range(20, 80)])
        assert store.check() == []


@pytest.mark.usefixtures("impatient")
def test_a_lock_that_another_program_keeps(filled: Path) -> None:
    with opened(filled) as store, closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = refused(lambda: store.add("Dora", [draft(9)]), "in use by another program")
        assert error.__cause__ is not None
        assert store.index().people == 3  # readers need not wait
        other.execute("ROLLBACK")
        store.add("Dora", [draft(9)])
        assert store.index().people == 4


def test_messages_of_causes_hold_no_names_or_embeddings(filled: Path) -> None:
    """A traceback with --debug may end up in a report."""
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("DROP TABLE samples")
        connection.commit()
    with opened(filled) as store:
        error = refused(lambda: store.find("Secret Person"), "is damaged")
        assert "secret person" not in str(error.__cause__).lower()


@pytest.mark.parametrize("cut", [0.3, 0.8])
def test_a_file_that_ends_early(filled: Path, cut: float) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[: int(len(content) * cut)])

    def use() -> None:
        with opened(filled) as store:
            store.index()
            for who in store.identities():
                store.samples(who.id)

    refused(use, "damaged")


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.usefixtures("impatient")
def test_whatever_bytes_are_wrong_only_gallery_errors_come_out(filled: Path, seed: int) -> None:
    rng = random.Random(seed)
    content = bytearray(filled.read_bytes())
    for _ in range(rng.choice([1, 5, 40])):
        content[rng.randrange(100, len(content))] = rng.randrange(256)
    filled.write_bytes(content)
    errors = []

    def attempt(use: Callable[[], object]) -> None:
        try:
            use()
        except GalleryError as error:
            errors.append(str(error))

    def everything() -> None:
        with opened(filled) as store:
            attempt(lambda: store.index().search(embedding(1), 2))
            attempt(lambda: [store.samples(who.id) for who in store.identities()])
            attempt(store.check)
            attempt(lambda: store.add("Bea", [draft(1000)]))
            attempt(lambda: store.rename("Cleo", "Dora"))
            attempt(lambda: store.reembed("net-b", "net-b:1", embed_differently))
            attempt(lambda: store.remove("Anna"))

    attempt(everything)
    assert [error for error in errors if not re.fullmatch(r"[^\n]*\w; \w[^\n]*\.", error)] == []
