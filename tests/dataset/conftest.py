"""People made of two faces in the public domain, and the way to pack them."""

from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from facenet_app.bootstrap import open_detector
from facenet_app.dataset.cut import CutFaces
from facenet_app.dataset.workers import Work
from facenet_app.imaging.decode import ImageLimits
from facenet_app.settings import load_settings
from facenet_app.weights.manifest import load_manifest


@pytest.fixture(scope="session")
def people(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collins with five pictures, Hopper with four and Wall with one that shows nobody; two files are bad."""
    root = tmp_path_factory.mktemp("dataset") / "people"
    for name, source in (("Collins", astronaut), ("Hopper", hopper)):
        (root / name).mkdir(parents=True)
        with Image.open(source) as opened:
            picture = opened.convert("RGB")
        picture.resize((256, 256)).save(root / name / "1.png")
        ImageEnhance.Brightness(picture).enhance(0.6).save(root / name / "2.jpg")
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(root / name / "3.webp")
        picture.rotate(12, fillcolor=(90, 90, 90)).save(root / name / "4.png")
    (root / "Collins" / "5.jpg").write_bytes((root / "Hopper" / "2.jpg").read_bytes()[:3000])
    (root / "Hopper" / "5.jpg").write_bytes(b"")
    (root / "Wall").mkdir()
    Image.new("RGB", (200, 200), "gray").save(root / "Wall" / "1.png")
    return root


@pytest.fixture(scope="session")
def work() -> Work:
    """As ``data prepare`` works with the default model's alignment."""
    settings = load_settings()
    manifest = load_manifest("sface", settings.models)
    limits = ImageLimits(settings.max_bytes, settings.max_pixels)
    cutter = partial(CutFaces, partial(open_detector, manifest, settings), "five-point-112", limits)
    return Work(cutter, "five-point-112", 112)
