"""Files that are no sound zip, or zips made to do harm: refused in one sentence."""

import random
import struct
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from archives import Members, load, refused, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facenet_app.errors import ArchiveRefused, UsageError
from facenet_app.gallery.archive_format import EMBEDDINGS, PEOPLE
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.incoming import Incoming


def test_compressed_members_are_no_bomb_because_they_are_refused(members: Members, tmp_path: Path) -> None:
    bomb = {**members, EMBEDDINGS: bytes(50_000_000)}
    path = write(tmp_path / "bomb.zip", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    refused(path, "compressed")


def test_two_members_of_one_name(members: Members, tmp_path: Path) -> None:
    path = write(tmp_path / "twice.zip", members)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(PEOPLE, b"{}\n")
    refused(path, "same name")


def directory_entry(name: bytes, size: int) -> bytes:
    """An entry in the list of members that says that a member begins at the file's first byte."""
    fields = (0x0314, 20, 0, 0, 0, 33, 0, size, size, len(name), 0, 0, 0, 0, 0, 0)
    return struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", *fields) + name


def test_members_that_lie_on_top_of_each_other(tmp_path: Path) -> None:
    content = bytes(100_000)
    local = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, len(content), len(content), 1, 0)
    entries = b"".join(directory_entry(f"{number}".encode(), len(content)) for number in range(1000))
    body = local + b"0" + content
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entries), len(body), 0)
    path = tmp_path / "overlap.zip"
    path.write_bytes(body + entries + end)
    refused(path, "on top of each other")


def test_a_list_of_members_that_says_it_is_huge(sound: Path, tmp_path: Path) -> None:
    data = bytearray(sound.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<L", 2**31)
    path = tmp_path / "huge.zip"
    path.write_bytes(data)
    refused(path, "lists more members")


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 5000, b"PK\x05\x06" + bytes(17), b"\x80\x04." * 99])
def test_things_that_are_no_zip_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.zip"
    path.write_bytes(content)
    refused(path, "no zip file")


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.zip", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            StoredZip(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.9, 0.99, 0.9999])
def test_cut_short(sound: Path, tmp_path: Path, share: float) -> None:
    data = sound.read_bytes()
    path = tmp_path / "cut.zip"
    path.write_bytes(data[: int(share * len(data))])
    refused(path, "no zip file, or is cut short")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_byte_is_wrong_it_is_refused_or_it_does_not_matter(
    sound: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Nothing else comes out, and what is read is what was written."""
    content = bytearray(sound.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "fuzzed.zip"
    path.write_bytes(content)
    with suppress(ArchiveRefused):
        assert plain(load(path)) == plain(load(sound))


def plain(incoming: Incoming) -> list[object]:
    """All that was read, crops too."""
    return [
        incoming.model,
        incoming.fingerprint,
        incoming.vectors.tobytes(),
        incoming.points,
        [replace(person, samples=()) for person in incoming.people],
        [(replace(each, crop=None), each.crop and each.crop.alignment) for each in incoming.samples],
    ]


def test_random_files_of_the_right_ends(sound: Path, tmp_path: Path) -> None:
    tail = sound.read_bytes()[-3000:]
    for seed in range(30):
        path = tmp_path / f"{seed}.zip"
        path.write_bytes(random.Random(seed).randbytes(4000) + tail)
        with pytest.raises(ArchiveRefused):
            load(path)
