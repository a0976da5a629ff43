"""Fixtures for all tests: real faces, a model cache made once, and a service with its own gallery."""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

# Before PyTorch is loaded, here and in the processes that tests start. The workers of pytest share the
# cores: a thread of OpenMP that waits in a loop keeps another test from running.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# How long an example takes, to draw and to try, depends on what else the machine does.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Where this is set, each of the many programs that tests start would compile all of its modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if TYPE_CHECKING:
    from server import Server

    from facenet_app.service import FaceService

ROOT = Path(__file__).parents[1]


def package_path(package: str, path: str) -> Path:
    """A file of an installed package, found without importing it."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / path


@pytest.fixture(scope="session")
def require() -> Callable[[str, str], None]:
    """``require("browser", "Chromium is missing")`` skips the test, or fails it where
    FACENET_APP_REQUIRE lists that name, as in CI.
    """

    def skip_or_fail(name: str, reason: str) -> None:
        if name in os.environ.get("FACENET_APP_REQUIRE", "").split(","):
            pytest.fail(f"{reason}, and FACENET_APP_REQUIRE asks for {name}")
        pytest.skip(reason)

    return skip_or_fail


@pytest.fixture(scope="session")
def lfw(require: Callable[[str, str], None]) -> Path:
    """The folder with LFW's images and lists."""
    folder = Path(os.environ.get("FACENET_APP_LFW", ROOT.parent / "shared" / "data" / "lfw"))
    if not (folder / "pairs.txt").is_file():
        require("lfw", "Labeled Faces in the Wild is not at FACENET_APP_LFW")
    return folder / "images"


@pytest.fixture(scope="session")
def server(require: Callable[[str, str], None]) -> "Iterator[Server]":
    """A PostgreSQL server of this run."""
    from server import start_server

    with start_server(lambda: require("postgres", "PostgreSQL with pgvector cannot be started")) as started:
        yield started


@pytest.fixture(scope="session")
def astronaut() -> Path:
    """Eileen Collins, 512 x 512, PNG; public domain."""
    return package_path("skimage", "data/astronaut.png")


@pytest.fixture(scope="session")
def hopper() -> Path:
    """Grace Hopper, 512 x 600, JPEG; public domain."""
    return package_path("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


@pytest.fixture(scope="session")
def two_people_video(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of MP4; see :mod:`made_video`."""
    from made_video import public_faces, write_video

    path = tmp_path_factory.mktemp("video") / "visit.mp4"
    write_video(path, public_faces(astronaut, hopper), "mp4v")
    return path


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of this run, of all its workers: weights are converted in it once."""
    own = tmp_path_factory.getbasetemp()
    cache = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "cache"
    cache.mkdir(exist_ok=True)
    return cache


@pytest.fixture(autouse=True, scope="session")
def _own_environment(model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the person who runs the tests, and none of their folders, is touched."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("FACENET_APP_") and name not in ("FACENET_APP_REQUIRE", "FACENET_APP_LFW"):
                patch.delenv(name)
        patch.setenv("FACENET_APP_CACHE", str(model_cache))
        patch.setenv("FACENET_APP_CALIBRATION", str(tmp_path_factory.mktemp("calibration")))
        patch.setenv("FACENET_APP_MODELS", str(tmp_path_factory.mktemp("models")))
        patch.setenv("FACENET_APP_ACCESS", str(tmp_path_factory.mktemp("access") / "access.json"))
        patch.setenv("FACENET_APP_GALLERY", str(tmp_path_factory.mktemp("gallery") / "gallery.db"))
        yield


@pytest.fixture(autouse=True, scope="session")
def _unsynced() -> Iterator[None]:
    from unsynced import unsynced

    with unsynced():
        yield


@pytest.fixture(scope="session")
def verifier() -> "FaceService":
    """A service shared by tests that leave the gallery alone."""
    from facenet_app.service import FaceService

    return FaceService.open()


@pytest.fixture
def service(tmp_path: Path) -> "Iterator[FaceService]":
    """A service with an empty gallery of its own."""
    from facenet_app.service import FaceService

    service = FaceService.open(gallery=tmp_path / "gallery.db")
    yield service
    service.gallery.close()
