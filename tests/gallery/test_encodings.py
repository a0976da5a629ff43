"""Embeddings from NumPy files: what fits comes in, all else is refused before it is read."""

import hashlib
import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drafts import FINGERPRINT, MODEL, draft, unit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facenet_app.errors import ArchiveRefused, GalleryError, ModelMismatch, UsageError
from facenet_app.gallery.arrivals import embedded_anew
from facenet_app.gallery.encodings import read_encodings
from facenet_app.gallery.incoming import Incoming
from facenet_app.gallery.merge import OnConflict
from facenet_app.gallery.store import GalleryStore

NAMES = ["Anna", "Bea", "anna "]


def vectors(count: int = 3, dimension: int = 16) -> np.ndarray[Any, Any]:
    return np.stack([unit(seed, dimension) for seed in range(count)])


def read(path: Path, names: Path | None = None) -> Incoming:
    return read_encodings(path, names, MODEL, FINGERPRINT)


def saved(tmp_path: Path, **arrays: Any) -> Path:
    np.savez(tmp_path / "faces.npz", **arrays)
    return tmp_path / "faces.npz"


def refused(path: Path, says: str, names: Path | None = None) -> None:
    with pytest.raises(ArchiveRefused, match=says) as caught:
        read(path, names)
    assert "Anna" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_who_is_in_a_file_comes_into_the_gallery(tmp_path: Path, dtype: Any, save: Any) -> None:
    save(tmp_path / "faces.npz", encodings=vectors().astype(dtype), names=NAMES)
    incoming = read(tmp_path / "faces.npz")
    assert incoming.source_sha256 == hashlib.sha256((tmp_path / "faces.npz").read_bytes()).hexdigest()
    with GalleryStore.open(tmp_path / "gallery.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        store.merge_in(incoming, OnConflict.SKIP)
        assert [(who.name, who.samples) for who in store.identities()] == [("Anna", 2), ("Bea", 1)]
        (first, second) = store.samples(store.get("Anna").id)
        assert np.array_equal(first.embedding.vector, unit(0))
        assert np.array_equal(second.embedding.vector, unit(2))
        assert first.crop is None
        assert first.quality.to_dict()["eye_distance"] is None
        assert first.quality.sharpness is None
        assert [c.name for c in store.index().search(draft(1).embedding, 1)] == ["Bea"]
        assert [finding.code for finding in store.check()] == ["no_crop"]
        with pytest.raises(GalleryError, match="no crop"):
            embedded_anew(incoming, "net-b", "net-b:1", lambda crops: vectors(len(crops)))
        store.export(tmp_path / "people.zip")


def test_an_npy_with_a_list_of_names(tmp_path: Path) -> None:
    np.save(tmp_path / "faces.npy", vectors())
    (tmp_path / "names.txt").write_text("Åsa\nBea\nCleo\n", encoding="utf-8")
    incoming = read(tmp_path / "faces.npy", tmp_path / "names.txt")
    assert [person.name for person in incoming.people] == ["Åsa", "Bea", "Cleo"]
    with pytest.raises(UsageError, match="--names"):
        read(tmp_path / "faces.npy")
    with pytest.raises(UsageError, match="--names"):
        read(saved(tmp_path, encodings=vectors(), names=NAMES), tmp_path / "names.txt")
    (tmp_path / "names.txt").write_text("Åsa\nBea\n", encoding="utf-8")
    refused(tmp_path / "faces.npy", "2 names for 3 encodings", tmp_path / "names.txt")


def test_the_same_file_twice_adds_nobody(tmp_path: Path) -> None:
    path = saved(tmp_path, encodings=vectors(), names=NAMES)
    with GalleryStore.open(tmp_path / "gallery.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        store.merge_in(read(path), OnConflict.SKIP)
        for rule in (OnConflict.SKIP, OnConflict.KEEP_BOTH):
            assert store.merge_in(read(path), rule).counts()["skipped"] == 2
        assert sum(who.samples for who in store.identities()) == 3


def test_the_same_encoding_twice_is_one_sample(tmp_path: Path) -> None:
    path = saved(tmp_path, encodings=vectors()[[0, 0, 1]], names=["Anna", "Anna", "Bea"])
    assert [len(person.samples) for person in read(path).people] == [1, 1]
    refused(
        saved(tmp_path, encodings=vectors()[[0, 0, 1]], names=["Anna", "Bea", "Bea"]), "another name as well"
    )


def test_another_dimension_than_the_gallery_has(tmp_path: Path) -> None:
    with GalleryStore.open(tmp_path / "gallery.db", model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Cleo", [draft(9)])
        incoming = read(saved(tmp_path, encodings=vectors(3, 8), names=NAMES))
        with pytest.raises(ModelMismatch, match="16 dimensions, and those to be imported 8"):
            store.merge_in(incoming, OnConflict.SKIP)
        assert len(store.identities()) == 1


def not_finite() -> np.ndarray[Any, Any]:
    array = vectors()
    array[1, 2] = np.nan
    return array


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"encodings": 1.4 * vectors(), "names": NAMES}, "3 of 3 encodings do not have length 1.*dlib"),
        ({"encodings": not_finite(), "names": NAMES}, "1 of 3 encodings do not .* first in row 2"),
        ({"encodings": vectors().astype(np.int64), "names": NAMES}, "not a table of numbers"),
        ({"encodings": vectors()[0], "names": NAMES}, "not a table of numbers"),
        ({"encodings": vectors()[:, :0], "names": NAMES}, "not a table of numbers"),
        ({"encodings": vectors(), "names": NAMES[:2]}, "not one text for each"),
        ({"encodings": vectors(), "names": [1, 2, 3]}, "not one text for each"),
        ({"encodings": vectors(), "names": np.array(["Anna" * 400] * 3)}, "not one text for each"),
        ({"encodings": vectors(), "names": ["Anna", "", "Bea"]}, "name in row 2 cannot be one"),
        ({"encodings": vectors(), "names": ["Anna", "../x", "Bea"]}, "name in row 2 cannot be one"),
        ({"encodings": vectors()}, "needs the arrays"),
        ({"encodings": vectors(), "names": NAMES, "more": [1]}, "needs the arrays"),
        ({"encodings": vectors(0 + 1)[:0], "names": np.array([], "U4")}, "0 names for 0 encodings"),
    ],
)
def test_refused(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    refused(saved(tmp_path, **arrays), says)


class Harmful:
    """What a pickle can do: run anything when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("/tmp/facenet-app-was-run"),))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "faces.npz",
        allow_pickle=True,
        encodings=np.array([Harmful()] * 3, object),
        names=np.array(NAMES, object),
    )
    refused(tmp_path / "faces.npz", "another size than it says")
    (tmp_path / "faces.npy").write_bytes(pickle.dumps(Harmful()))
    (tmp_path / "names.txt").write_text("Anna\n")
    refused(tmp_path / "faces.npy", "no such NumPy file", tmp_path / "names.txt")
    assert not Path("/tmp/facenet-app-was-run").exists()


def npy(shape: str, data: bytes = b"", dtype: str = "<f4") -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "content",
    [
        npy("(1000000000, 128)"),
        npy("(1000000000000, 1000000000000)"),
        npy("(-1, 16)"),
        npy("(3, 16)", bytes(100)),
        npy("(3, 16)", bytes(3 * 64 + 1)),
        npy("(3, 16)", b"", "|O"),
        npy("__import__('os')"),
        npy("(" * 500),
        b"\x93NUMPY\x09\x00" + bytes(100),
        b"\x93NUMPY\x01\x00\xff\xff",
        b"",
    ],
)
def test_headers_that_promise_too_much(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "faces.npy").write_bytes(content)
    (tmp_path / "names.txt").write_text("Anna\nBea\nCleo\n")
    refused(tmp_path / "faces.npy", "encodings were refused", tmp_path / "names.txt")


def test_a_compressed_file_that_unfolds(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "faces.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("encodings.npy", npy("(1000000, 16)", bytes(64_000_000)))
        archive.writestr("names.npy", npy("(1000000,)", bytes(4_000_000), "<U1"))
    refused(tmp_path / "faces.npz", "compressed more than numbers can be")


def test_an_array_before_the_start_of_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path, encodings=vectors(), names=NAMES)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x05\x06") + 16  # where the list of members is said to be
    data[at : at + 4] = struct.pack("<L", struct.unpack("<L", data[at : at + 4])[0] + 7)
    path.write_bytes(data)
    refused(path, "is damaged")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "missing.npz")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3))
def test_whatever_byte_is_wrong_only_refusals_come_out(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, encodings=vectors(), names=NAMES)
    content = bytearray(buffer.getvalue())
    for where, value in changes:
        content[where % len(content)] = value
    path = tmp_path / "fuzzed.npz"
    path.write_bytes(content)
    try:
        incoming = read(path)
    except ArchiveRefused:
        return
    assert [person.name for person in incoming.people] == ["Anna", "Bea"]
    assert np.array_equal(incoming.vectors, vectors())
