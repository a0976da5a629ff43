"""The temporary folder of a run, and what becomes of the folders of runs that were killed."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facenet_app.web.run_folder import LOCK, UPLOADS, UPLOADS_KEPT, remove_parts, run_folder

RUN = """
from facenet_app.web.run_folder import run_folder
with run_folder() as folder:
    (folder / "upload.png").write_bytes(b"picture")
    print(folder, flush=True)
    input()
"""

StartRun = Callable[[], tuple[subprocess.Popen[str], Path]]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def start_run(temporary: Path) -> Iterator[StartRun]:
    """Another process with a folder of its own."""
    runs: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        runs.append(process)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in runs:
        process.kill()
        process.communicate()


def make_old(folder: Path) -> None:
    then = time.time() - UPLOADS_KEPT[1] - 60
    os.utime(folder, (then, then))


def test_the_folder_is_private_and_deleted_at_the_end(temporary: Path) -> None:
    with run_folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "upload.png").write_bytes(b"picture")
    assert not folder.exists()


def test_what_a_killed_run_left_is_deleted_once_it_is_old(start_run: StartRun) -> None:
    process, left = start_run()
    process.kill()
    process.wait(20)
    with run_folder():
        assert (left / "upload.png").exists()
    make_old(left)
    with run_folder():
        assert not left.exists()


def test_the_folder_of_a_running_page_is_kept_however_old(start_run: StartRun) -> None:
    _, used = start_run()
    make_old(used)
    with run_folder():
        assert (used / "upload.png").exists()


def test_what_is_not_a_folder_of_a_run_is_kept(temporary: Path) -> None:
    notes = temporary / "facenet-app-notes"
    notes.mkdir()
    elsewhere = temporary / "pictures"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    link = temporary / "facenet-app-link"
    link.symlink_to(elsewhere)
    file = temporary / "facenet-app-file"
    file.touch()
    for path in (notes, elsewhere, file):
        make_old(path)
    then = time.time() - UPLOADS_KEPT[1] - 60
    os.utime(link, (then, then), follow_symlinks=False)
    with run_folder():
        assert notes.exists()
        assert (elsewhere / LOCK).exists()
        assert link.is_symlink()
        assert file.exists()


def test_parts_of_uploads_go_after_a_while_and_whole_ones_stay(temporary: Path) -> None:
    with run_folder() as folder:
        uploads = folder / UPLOADS
        whole = uploads / "0a1b" / "whole.png"
        whole.parent.mkdir(parents=True)
        old, new = uploads / "tmpold", uploads / "tmpnew"
        for path in (whole, old, new):
            path.write_bytes(b"picture")
        for path in (whole, old):
            make_old(path)
        remove_parts(uploads, time.time() - UPLOADS_KEPT[0])
        assert whole.is_file()
        assert new.is_file()
        assert not old.exists()


def test_the_thread_that_removes_them_runs_as_long_as_the_page(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facenet_app.web.run_folder.UPLOADS_KEPT", (0.05, 3600))
    with run_folder() as folder:
        (folder / UPLOADS).mkdir()
        (part := folder / UPLOADS / "tmpold").touch()
        make_old(part)
        for _ in range(200):
            if not part.exists():
                break
            time.sleep(0.05)
        assert not part.exists()
    assert "uploads" not in {thread.name for thread in threading.enumerate()}
