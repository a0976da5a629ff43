"""A fresh gallery for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drafts import FINGERPRINT, MODEL

from facenet_app.gallery import database
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people" / "gallery.db"


@pytest.fixture
def store(path: Path) -> Iterator[GalleryStore]:
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Galleries opened from here on give up on a lock at once."""
    monkeypatch.setattr(database, "PATIENCE", 0.1)
