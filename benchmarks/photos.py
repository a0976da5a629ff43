"""Two 12-megapixel photos with one face each, made from pictures that any machine can install."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

__all__ = ["make_photos"]

WIDTH, HEIGHT = 4000, 3000
FACE_SCALE = 3
"""The portraits are 512 pixels wide: the faces come out 330 and 650 pixels high."""

NOISE = 6.0
"""Standard deviation of the grain in gray levels: it makes files of the size that phones write."""


def make_photos(folder: Path) -> tuple[Path, Path]:
    """Write ``probe.jpg`` and ``reference.jpg``, 4000×3000, JPEG quality 90, of two people.

    Each is a portrait in the public domain (Eileen Collins from scikit-image, Grace Hopper from
    Matplotlib) on an enlarged photo of scikit-image without people, with the grain of a camera.
    """
    still = package_file("skimage", "data/coffee.png")
    machine = package_file("skimage", "data/motorcycle_left.png")
    probe = _photo(package_file("skimage", "data/astronaut.png"), still, folder / "probe.jpg", seed=1)
    hopper = package_file("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
    return probe, _photo(hopper, machine, folder / "reference.jpg", seed=2)


def package_file(package: str, name: str) -> Path:
    """A file inside an installed package, found without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"The package {package} is missing: run `uv sync`.")
    return Path(spec.submodule_search_locations[0]) / name


def _photo(portrait: Path, background: Path, target: Path, seed: int) -> Path:
    canvas = cv2.resize(_read(background), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    person = cv2.resize(_read(portrait), None, fx=FACE_SCALE, fy=FACE_SCALE, interpolation=cv2.INTER_CUBIC)
    top, left = (HEIGHT - person.shape[0]) // 2, (WIDTH - person.shape[1]) // 2
    canvas[top : top + person.shape[0], left : left + person.shape[1]] = person
    grain = np.random.default_rng(seed).normal(0, NOISE, canvas.shape)
    grainy = np.clip(canvas + grain, 0, 255).astype(np.uint8)
    if not cv2.imwrite(str(target), grainy, [cv2.IMWRITE_JPEG_QUALITY, 90]):
        raise SystemExit(f"The photo {target.name} could not be written.")
    return target


def _read(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path))
    if pixels is None:
        raise SystemExit(f"The picture {path.name} could not be read.")
    return pixels
