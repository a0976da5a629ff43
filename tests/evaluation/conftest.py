"""A small world of people whose embeddings are known, and the extractor that need not look at them."""

from pathlib import Path

import pytest
from worlds import FAILURES, World, make_world

from facenet_app.extraction import FaceExtractor
from facenet_app.service import FaceService


@pytest.fixture
def extractor(verifier: FaceService) -> FaceExtractor:
    return verifier.extractor


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "images", (4, 3, 5, 2, 1, 3, 2), FAILURES)
