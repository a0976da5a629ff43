"""Archives that were damaged, or made to do harm: refused in one sentence, and the gallery is as it was."""

import io
import json
import random
import resource
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import Members, members_of, vouched, with_lines, with_manifest, write
from drafts import FINGERPRINT, MODEL, draft, unit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save

from facenet_app.errors import ArchiveRefused, UsageError
from facenet_app.gallery.archive_format import (
    EMBEDDINGS,
    MANIFEST,
    PEOPLE,
    POINTS,
    SAMPLES,
    TENSOR,
    VERSION,
)
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.incoming import Incoming
from facenet_app.gallery.store import GalleryStore

PICTURES = 4
Change = Callable[[Members], Members]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Anna with three pictures and Bea with one."""
    folder = tmp_path_factory.mktemp("sound")
    with GalleryStore.open(folder / "gallery.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(seed) for seed in range(3)])
        store.add("Bea", [draft(3)])
        store.export(folder / "people.zip")
    return folder / "people.zip"


@pytest.fixture
def members(sound: Path) -> Members:
    return members_of(sound)


def load(path: Path) -> Incoming:
    """Read all of an archive, crops too."""
    with StoredZip(path) as archive:
        incoming = read_archive(archive)
        for sample in incoming.samples:
            assert sample.crop is not None
            sample.crop.read()
        return incoming


def refused(path: Path, says: str) -> ArchiveRefused:
    with pytest.raises(ArchiveRefused, match=says) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert "Anna" not in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_changed_by_the_tests_own_means_but_sound_it_is_read(members: Members, tmp_path: Path) -> None:
    """So that the refusals below are for what they say."""
    same = with_lines(members, PEOPLE, lambda lines: lines)
    assert len(load(write(tmp_path / "same.zip", same)).people) == 2


def set_first(member: str, /, **values: object) -> Change:
    return lambda members: with_lines(members, member, lambda lines: lines[0].update(values))


def in_quality(**values: object) -> Change:
    return lambda members: with_lines(members, SAMPLES, lambda lines: lines[0]["quality"].update(values))


def vectors(change: Callable[[Any], Any]) -> Change:
    def apply(members: Members) -> Members:
        tensor = change(np.stack([unit(seed) for seed in range(PICTURES)]))
        return vouched({**members, EMBEDDINGS: save({TENSOR: tensor})})

    return apply


def set_item(index: tuple[int, int], value: float) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array[index] = value
        return array

    return change


def crop_replaced(png: bytes) -> Change:
    """Another crop for the first sample, with its checksum."""
    import hashlib

    def apply(members: Members) -> Members:
        first = json.loads(members[SAMPLES].splitlines()[0])
        entry = {**first["crop"], "bytes": len(png), "sha256": hashlib.sha256(png).hexdigest()}
        changed = with_lines(members, SAMPLES, lambda lines: lines[0].update(crop=entry))
        return {**changed, f"crops/{first['id']}.png": png}

    return apply


def png_of(width: int, height: int) -> bytes:
    """A picture of zeros that unfolds to far more than it has: one byte for a thousand."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 3 * width) * 1000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def more(name: str, data: bytes = b"x") -> Change:
    return lambda members: {**members, name: data}


def without(name: str) -> Change:
    return lambda members: {key: value for key, value in members.items() if key != name}


def lines_of(name: str, data: Callable[[bytes], bytes]) -> Change:
    return lambda members: vouched({**members, name: data(members[name])})


def doubled(name: str) -> Change:
    return lambda members: with_lines(members, name, lambda lines: lines.append(lines[0]))


def counted(name: str, field: str) -> Change:
    """One line twice, and counted as such."""
    return lambda members: with_manifest(
        doubled(name)(members), **{field: json.loads(members[MANIFEST])[field] + 1}
    )


NOT_A_FACE = Image.new("L", (12, 12))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (more("../../etc/passwd"), "more or fewer members"),
        (more("/etc/passwd"), "more or fewer members"),
        (more("crops\\..\\..\\x.png"), "more or fewer members"),
        (more("extra.txt"), "more or fewer members"),
        (more("crops/"), "more or fewer members"),
        (lambda m: with_manifest(more("../evil.png")(m), crops=PICTURES + 1), "other crops than its samples"),
        (without(MANIFEST), "manifest.json is missing"),
        (without(EMBEDDINGS), "embeddings.safetensors is missing"),
        (more(PEOPLE, b"{}\n"), "is not what manifest.json says"),
        (lambda m: {**m, EMBEDDINGS: m[EMBEDDINGS][:-1] + b"\x00"}, "is not what manifest.json says"),
        (more(MANIFEST, b"{"), "manifest.json makes no sense"),
        (more(MANIFEST, b"[" * 60_000), "manifest.json makes no sense"),
        (more(MANIFEST, b" " * 100_000), "more than"),
        (lambda m: with_manifest(m, format="a novel"), "something else"),
        (lambda m: with_manifest(m, surprise=1), "manifest.json makes no sense"),
        (lambda m: with_manifest(m, members={}), "lists other members"),
        (lambda m: with_manifest(m, people=10**12), "does not have the 1,000,000,000,000 lines"),
        (lambda m: with_manifest(m, samples=10**15, dimension=8192), "does not have"),
        (lambda m: with_manifest(m, samples=3), "does not have the 3 lines"),
        (lambda m: with_manifest(m, samples=-1), "makes no sense"),
        (lambda m: with_manifest(m, samples=1.5), "makes no sense"),
        (lambda m: with_manifest(m, dimension=8), "does not hold"),
        (lambda m: with_manifest(m, dimension=10**9), "makes no sense"),
        (lambda m: with_manifest(m, crops=3), "more or fewer members"),
        (counted(PEOPLE, "people"), "are the same"),
        (counted(SAMPLES, "samples"), "are the same"),
        (lines_of(PEOPLE, lambda data: data[:-1]), "too long or not ended"),
        (lines_of(PEOPLE, lambda data: data.replace(b"\n", b" " * 70_000 + b"\n", 1)), "too long"),
        (lines_of(PEOPLE, lambda data: b"\n" + data), "line 1 of people.jsonl makes no sense"),
        (
            lines_of(PEOPLE, lambda data: b"[" * 50_000 + b"\n" + data),
            "line 1 of people.jsonl makes no sense",
        ),
        (lines_of(PEOPLE, lambda data: b"\xff\xfe\n" + data), "line 1 of people.jsonl makes no sense"),
        (set_first(PEOPLE, id="../../x"), r"line 1 of people.jsonl makes no sense \(id"),
        (set_first(PEOPLE, id="A" * 32), "makes no sense"),
        (set_first(PEOPLE, name=""), "makes no sense"),
        (set_first(PEOPLE, name="../Anna"), "looks like a path"),
        (set_first(PEOPLE, name="x" * 201), "200 characters at most"),
        (set_first(PEOPLE, name="Ann\u202ea"), "makes no sense"),
        (set_first(PEOPLE, name=" Ann "), "another form"),
        (set_first(PEOPLE, name="Be\u0301a"), "another form"),
        (set_first(PEOPLE, name=7), "makes no sense"),
        (set_first(PEOPLE, enrolled_at="yesterday"), "makes no sense"),
        (set_first(PEOPLE, enrolled_at="2026-01-01T00:00:00"), "makes no sense"),
        (set_first(PEOPLE, admin=True), "makes no sense"),
        (
            lambda m: with_lines(m, PEOPLE, lambda all_: all_[0].update(name=all_[1]["name"].upper())),
            "are the same",
        ),
        (set_first(SAMPLES, identity_id="0" * 32), "belongs to nobody"),
        (set_first(SAMPLES, content_sha256="x"), "makes no sense"),
        (set_first(SAMPLES, crop=None), "other crops than its samples"),
        (in_quality(sharpness=float("nan")), "makes no sense"),
        (in_quality(sharpness=float("inf")), "makes no sense"),
        (in_quality(sharpness="sharp"), "makes no sense"),
        (in_quality(reasons=["x"] * 1000), "makes no sense"),
        (vectors(set_item((2, 3), float("nan"))), "not a vector of length 1"),
        (vectors(set_item((2, 3), float("inf"))), "not a vector of length 1"),
        (vectors(lambda array: 2 * array), "not a vector of length 1"),
        (vectors(lambda array: 0 * array), "not a vector of length 1"),
        (vectors(lambda array: array[:3]), "does not hold 4 embeddings"),
        (vectors(lambda array: array.astype(np.float64)), "does not hold|more than"),
        (vectors(lambda array: array.astype(np.int32)), "does not hold"),
        (lines_of(EMBEDDINGS, lambda data: data[:-4]), "cannot be read"),
        (lines_of(EMBEDDINGS, lambda data: struct.pack("<Q", 2**63) + data[8:]), "cannot be read"),
        (lines_of(EMBEDDINGS, lambda _: b"\x80\x04cos\nsystem\n"), "cannot be read"),
        (lines_of(EMBEDDINGS, lambda data: data + bytes(10_000)), "more than"),
        (
            lines_of(POINTS, lambda _: b'{"fingerprint":"a","target_fmr":0.1,"measured":{}}\n'),
            "does not have the 0",
        ),
        (crop_replaced(b"no picture"), "no picture of a face"),
        (crop_replaced(encoded(NOT_A_FACE, "PNG")), "no picture of a face"),
        (crop_replaced(encoded(Image.new("RGB", (12, 12)), "TIFF")), "no picture of a face"),
        (crop_replaced(png_of(30_000, 30_000)), "no picture of a face"),
        (crop_replaced(png_of(2_100, 2_000)), "no picture of a face"),
    ],
)
def test_refused(members: Members, tmp_path: Path, change: Change, says: str) -> None:
    refused(write(tmp_path / "hostile.zip", change(members)), says)


def point_line(**values: object) -> bytes:
    point = {
        "threshold": 1.0,
        "fingerprint": "f",
        "target_fmr": 0.1,
        "fmr": None,
        "fnmr": None,
        "dataset": "",
        "protocol": "",
        "detector": "",
        "measured_on": "",
        "people": None,
        "pictures": None,
        **values,
    }
    return json.dumps({"fingerprint": "f", "target_fmr": 0.1, "measured": point}).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        point_line(threshold=3.0),
        point_line(threshold="x"),
        point_line(fingerprint="g"),
        point_line(extra=1),
        b'{"fingerprint":"f","target_fmr":0.1,"measured":{}}\n',
    ],
)
def test_operating_points_that_are_none(members: Members, tmp_path: Path, line: bytes) -> None:
    good = with_manifest(vouched({**members, POINTS: point_line()}), points=1)
    assert len(load(write(tmp_path / "good.zip", good)).points) == 1
    bad = with_manifest(vouched({**members, POINTS: line}), points=1)
    refused(write(tmp_path / "bad.zip", bad), "points.jsonl")


def test_a_newer_format_says_to_update(members: Members, tmp_path: Path) -> None:
    newer = with_manifest(members, version=VERSION + 1, unheard_of={"a": 1})
    error = refused(write(tmp_path / "newer.zip", newer), "format 2, and this program knows up to 1")
    assert error.hint == "update the program"


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


def test_a_refusal_costs_little_memory(members: Members, tmp_path: Path) -> None:
    """Counts that promise billions make nobody reserve memory for them."""
    promised = with_manifest(members, samples=10**9, people=10**9, dimension=8192)
    path = write(tmp_path / "promise.zip", promised)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, "does not have")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_random_files_of_the_right_ends(sound: Path, tmp_path: Path) -> None:
    tail = sound.read_bytes()[-3000:]
    for seed in range(30):
        path = tmp_path / f"{seed}.zip"
        path.write_bytes(random.Random(seed).randbytes(4000) + tail)
        with pytest.raises(ArchiveRefused):
            load(path)
