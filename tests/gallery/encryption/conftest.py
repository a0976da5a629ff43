"""A gallery that is encrypted, for each test."""

import pytest
from sealed_gallery import CHEAP, WORDS, fill

from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def sealed(store: GalleryStore) -> GalleryStore:
    """An encrypted gallery of three people, unlocked."""
    fill(store)
    store.encrypt(WORDS, CHEAP)
    return store


@pytest.fixture
def closed(sealed: GalleryStore) -> None:
    sealed.close()
