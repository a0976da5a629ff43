"""Files that appear whole or not at all."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from facenet_app.aside import file_beside, make_private_folder, put_in_place, write_whole, written_aside

on_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")


def test_nothing_is_there_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "new.txt"
    with written_aside(target) as aside:
        aside.write_text("all of it")
        assert not target.exists()
    assert target.read_text() == "all of it"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "old.txt"
    target.write_text("old")

    def interrupted() -> None:
        with written_aside(target) as aside:
            aside.write_text("half of")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@on_posix
def test_only_the_owner_may_read_it_also_while_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "secret.txt"
    target.write_text("readable for all")
    target.chmod(0o644)
    with written_aside(target) as aside:
        assert aside.stat().st_mode & 0o777 == 0o600
    assert target.stat().st_mode & 0o777 == 0o600


@on_posix
def test_missing_folders_are_for_the_owner_only(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    make_private_folder(tmp_path / "a" / "b")
    assert [folder.stat().st_mode & 0o777 for folder in (tmp_path / "a", tmp_path / "a" / "b")] == [0o700] * 2


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "new.txt"

    def too_late() -> None:
        with written_aside(target, overwrite=False) as aside:
            aside.write_text("mine")
            target.write_text("theirs")

    with pytest.raises(FileExistsError):
        too_late()
    assert target.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", none)
    with written_aside(tmp_path / "new.txt", overwrite=False) as aside:
        aside.write_text("mine")
    assert (tmp_path / "new.txt").read_text() == "mine"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "file", b"")


def test_readers_see_one_of_many_writers(tmp_path: Path) -> None:
    target, done = tmp_path / "shared", threading.Event()
    write_whole(target, b"0" * 9000)

    def read() -> set[bytes]:
        seen = {target.read_bytes()}
        while not done.is_set():
            seen.add(target.read_bytes())
        return seen

    with ThreadPoolExecutor(4) as pool:
        reader = pool.submit(read)
        for job in [pool.submit(write_whole, target, str(n).encode() * 9000) for n in range(10)]:
            job.result()
        done.set()
        assert reader.result() <= {str(n).encode() * 9000 for n in range(10)}
    assert list(tmp_path.iterdir()) == [target]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, set[str]]]:
    """Of each sync: of which inode, and what was in the folder at that moment."""
    calls: list[tuple[int, set[str]]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        folder = Path(f"/proc/self/fd/{descriptor}").readlink()
        names = {each.name for each in (folder if folder.is_dir() else folder.parent).iterdir()}
        calls.append((os.fstat(descriptor).st_ino, names))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return calls


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux to see what is synced")
def test_the_disk_gets_the_content_before_the_name_and_then_the_name(
    tmp_path: Path, synced: list[tuple[int, set[str]]]
) -> None:
    with file_beside(tmp_path / "new") as aside:
        aside.write_bytes(b"content")
        put_in_place(aside, tmp_path / "new")
        (content, before), (folder, after) = synced
        assert content == (tmp_path / "new").stat().st_ino
        assert before == {aside.name}
        assert folder == tmp_path.stat().st_ino
        assert after == {"new"}


def test_a_file_system_that_syncs_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, real = errno.EINVAL, os.fsync

    def fsync(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == tmp_path.stat().st_ino:
            raise OSError(code, "not of folders")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(tmp_path / "new", b"content")
    code = errno.EIO
    with pytest.raises(OSError, match="not of folders"):
        write_whole(tmp_path / "new", b"other")
