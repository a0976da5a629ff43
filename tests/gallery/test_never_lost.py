"""What was acknowledged is there after any crash, and the gallery is sound."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from crashes import found
from drafts import FINGERPRINT, MODEL, draft
from unsynced import synced

from facenet_app.domain import Place, ServerUrl
from facenet_app.errors import GalleryError
from facenet_app.gallery.store import GalleryStore

HERE = Path(__file__).parent

Run = Callable[[str, Place, int], dict[str, int]]


@pytest.fixture
def run() -> Run:
    def counts(what: str, gallery: Place, count: int) -> dict[str, int]:
        done = subprocess.run(
            [sys.executable, HERE / "crash_runs.py", what, str(gallery), str(count), "1"],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])},
        )
        assert done.returncode == 0, done.stderr
        return {str(key): int(value) for key, value in json.loads(done.stdout).items()}

    return counts


def test_killed_at_random_points(path: Path, run: Run) -> None:
    """benchmarks/gallery_kill.py does it 200 times."""
    counts = run("kills", path, 6)
    assert counts["kills"] == 6
    assert counts["acknowledged"] >= 6


@pytest.mark.postgres
def test_killed_at_random_points_with_a_server(url: ServerUrl, run: Run) -> None:
    assert run("kills", url, 4)["kills"] == 4


@pytest.mark.postgres
@pytest.mark.usefixtures("server")  # where none can be started, this one is skipped, too
def test_the_server_is_killed_at_random_points(run: Run) -> None:
    """benchmarks/gallery_kill.py --postgres does it more often."""
    with TemporaryDirectory(prefix="facenet-pg-") as folder:  # its path is short enough for a socket
        counts = run("server_kills", Path(folder), 1)
    assert counts["kills"] == 1
    assert counts["acknowledged"] >= 1


def test_the_power_goes_at_random_points(path: Path, run: Run) -> None:
    path.parent.mkdir()
    counts = run("power_cuts", path, 3)
    assert counts["copies"] == 12
    assert counts["acknowledged"] >= 3


def test_commits_wait_for_the_disk(path: Path) -> None:
    """A log that is synced later only would lose acknowledged changes when the power goes."""
    with (
        synced(),
        GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store,
        store._database._engine.begin() as connection,
    ):
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_files_that_cannot_grow(path: Path, run: Run) -> None:
    path.parent.mkdir()
    counts = run("full_disks", path, 4)
    assert counts["disks"] == 4
    assert counts["fewest_people"] > 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("file systems can be mounted by root only, and not in every container")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room(small_disk: Path) -> None:
    path, people = small_disk / "gallery.db", dict[str, list[int]]()
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))

    def fill(store: GalleryStore) -> None:
        for seed in range(10_000):
            store.add(f"Person {seed}", [draft(seed)])
            people[f"Person {seed}"] = [seed]

    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        with pytest.raises(GalleryError, match=r"the disk is full, so the gallery .* was left as it was"):
            fill(store)
        assert store.index().samples == len(people) > 0
        ballast.unlink()
        store.add("Dora", [draft(20_000)])
    assert found(path) == {**people, "Dora": [20_000]}
