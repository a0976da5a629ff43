"""The gallery whose copies are damaged: some crops of several pages, names of all lengths."""

from pathlib import Path

import pytest
from damaged_files import PEOPLE, Samples, held
from drafts import FINGERPRINT, MODEL, crop, draft

from facenet_app.domain import SampleDraft
from facenet_app.gallery.store import GalleryStore


def with_large_crop(seed: int) -> SampleDraft:
    """A crop of several pages."""
    plain = draft(seed)
    return SampleDraft(plain.embedding, crop(seed, 56), plain.quality, plain.content_sha256)


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("master") / "gallery.db"
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        for seed in range(PEOPLE):
            drafts = [draft(2 * seed), with_large_crop(2 * seed + 1)]
            store.add(f"Person {seed:02d} {'x' * (seed % 60)}", drafts)
    return path


@pytest.fixture(scope="session")
def original(master: Path) -> tuple[dict[str, str], Samples]:
    return held(master)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    return tmp_path / "damaged.db"
