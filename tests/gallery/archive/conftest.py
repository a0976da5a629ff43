"""Archives that tests share, and a gallery to import them into."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import Members, members_of
from drafts import FINGERPRINT, MODEL, draft
from people_files import copied, with_somebody_odd

from facenet_app.gallery.store import GalleryStore


@pytest.fixture(scope="session")
def archived(thirty_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the gallery that is in ``archive``: those, and one more."""
    return with_somebody_odd(copied(thirty_people, tmp_path_factory.mktemp("archived") / "people"))


@pytest.fixture(scope="session")
def archive(archived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("archive") / "people.zip"
    with GalleryStore.open(archived, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.export(target)
    return target


@pytest.fixture
def other(empty_file: Path, tmp_path: Path) -> Iterator[GalleryStore]:
    """An empty gallery in a file, beside others of a test."""
    with GalleryStore.open(
        copied(empty_file, tmp_path / "other"), model=MODEL, fingerprint=FINGERPRINT
    ) as store:
        yield store


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Anna with three pictures and Bea with one."""
    folder = tmp_path_factory.mktemp("sound")
    with GalleryStore.open(folder / "gallery.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(seed) for seed in range(3)])
        store.add("Bea", [draft(3)])
        store.export(folder / "people.zip")
    return folder / "people.zip"


@pytest.fixture
def members(sound: Path) -> Members:
    return members_of(sound)
