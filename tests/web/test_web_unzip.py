"""ZIP files of pictures: what is unpacked, what is left out, what is refused."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facenet_app.errors import UsageError
from facenet_app.web.unzip import UnzipLimits, unpack_pictures

LIMITS = UnzipLimits(picture_bytes=1000, total_bytes=3000, files=5)


def packed(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (folder := tmp_path / "people").mkdir()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_folders_and_files_become_numbers(tmp_path: Path, target: Path) -> None:
    archive = packed(
        tmp_path / "a.zip", {"staff/Ada/1.jpg": b"a", "staff/Ada/2.PNG": b"b", "staff/Bea/1.jpg": b"c"}
    )
    unpacked = unpack_pictures(archive, target, LIMITS)
    assert [str(name) for name, _ in unpacked] == ["staff/Ada/1.jpg", "staff/Ada/2.PNG", "staff/Bea/1.jpg"]
    assert [path.read_bytes() for _, path in unpacked] == [b"a", b"b", b"c"]
    assert contents(target) == {"00000/00000.jpg": b"a", "00000/00001.png": b"b", "00001/00002.jpg": b"c"}


def test_what_is_no_picture_is_left_out(tmp_path: Path, target: Path) -> None:
    members = {
        "Ada/1.jpg": b"a",
        "Ada/notes.txt": b"x",
        "Ada/._1.jpg": b"x",
        "__MACOSX/Ada/1.jpg": b"x",
        ".trash/1.jpg": b"x",
    }
    assert len(unpack_pictures(packed(tmp_path / "a.zip", members), target, LIMITS)) == 1
    assert contents(target) == {"00000/00000.jpg": b"a"}


@pytest.mark.parametrize("name", ["../../out/x.jpg", "/abs/x.jpg", "C:\\x\\y.jpg/z.jpg", "a/../../x.jpg"])
def test_no_path_of_the_file_is_ever_used(tmp_path: Path, target: Path, name: str) -> None:
    unpack_pictures(packed(tmp_path / "a.zip", {name: b"x", "Ada/1.jpg": b"a"}), target, LIMITS)
    assert all(path.is_relative_to(target) for path in tmp_path.rglob("*.jpg"))
    assert set(contents(target).values()) - {b"x"} == {b"a"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "people"]


def test_links_are_plain_files(tmp_path: Path, target: Path) -> None:
    link = zipfile.ZipInfo("Ada/link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    unpack_pictures(tmp_path / "a.zip", target, LIMITS)
    assert contents(target) == {"00000/00000.jpg": b"/etc/passwd"}


def test_a_bomb_is_stopped_by_what_it_unpacks_to(tmp_path: Path, target: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"Ada/1.jpg": bytes(50_000_000)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(UsageError, match="too large once unpacked"):
        unpack_pictures(archive, target, LIMITS)


def test_a_lie_about_the_size_does_not_help(tmp_path: Path, target: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", {"Ada/1.jpg": bytes(5000)}).read_bytes())
    for marker, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(marker) + offset, 10)
    (lying := tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(UsageError):
        unpack_pictures(lying, target, LIMITS)


def test_all_together_may_be_too_large(tmp_path: Path, target: Path) -> None:
    archive = packed(tmp_path / "a.zip", {f"Ada/{number}.jpg": bytes(900) for number in range(4)})
    with pytest.raises(UsageError, match="too large once unpacked"):
        unpack_pictures(archive, target, LIMITS)


def test_too_many_files(tmp_path: Path, target: Path) -> None:
    archive = packed(tmp_path / "a.zip", {f"Ada/{number}.jpg": b"a" for number in range(6)})
    with pytest.raises(UsageError, match="6 pictures, and 5 are the most"):
        unpack_pictures(archive, target, LIMITS)


def test_no_picture_at_all(tmp_path: Path, target: Path) -> None:
    with pytest.raises(UsageError, match="no picture in this ZIP"):
        unpack_pictures(packed(tmp_path / "a.zip", {"readme.txt": b"x"}), target, LIMITS)


def test_an_encrypted_file(tmp_path: Path, target: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", {"Ada/1.jpg": b"abc"}).read_bytes())
    for marker, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(marker) + offset] |= 1
    (locked := tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(UsageError, match="encrypted"):
        unpack_pictures(locked, target, LIMITS)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_are_refused_or_read_and_never_more(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Ada/1.jpg", b"a" * 200)
        archive.writestr("Bea/1.jpg", b"b" * 200)
    damaged = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (path := folder / "a.zip").write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    (target := folder / "people").mkdir()
    try:
        unpacked = unpack_pictures(path, target, LIMITS)
    except UsageError:
        return
    assert 1 <= len(unpacked) == len(contents(target)) <= 2
