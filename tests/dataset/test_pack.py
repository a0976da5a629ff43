"""Packs that were damaged or made up are refused with one sentence."""

import json
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from facenet_app.dataset.cut import CutWhole
from facenet_app.dataset.index import PackIndex, read_index
from facenet_app.dataset.listing import list_pictures
from facenet_app.dataset.pack import open_pack
from facenet_app.dataset.prepare import PackSettings, prepare
from facenet_app.dataset.workers import Work
from facenet_app.errors import PackDamaged, UsageError
from facenet_app.imaging.decode import ImageLimits


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred pictures of ten kinds, in shards of 40."""
    root = tmp_path_factory.mktemp("pack")
    for number in range(100):
        (root / "things" / f"kind{number % 10}").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (2 * number, 100, 50)).save(
            root / "things" / f"kind{number % 10}" / f"{number:02}.png"
        )
    work = Work(partial(CutWhole, 16, ImageLimits(10**6, 10**6)), "as-is", 16, lossless=True)
    prepare(list_pictures(root / "things"), root / "pack", work, PackSettings(shard_size=40))
    return root / "pack"


@pytest.fixture
def pack(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "pack")


def test_large_batches_are_in_order(sound: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 100, 300)
    for threads in (1, 3):
        images = open_pack(sound, threads=threads)
        pixels = images.pixels(rows)
        expected = [20 * (row % 10) + 2 * (row // 10) for row in rows]  # sorted by kind, then by number
        np.testing.assert_array_equal(pixels[:, 3, 3, 0], expected)
        np.testing.assert_array_equal(images.labels, np.repeat(np.arange(10), 10))


def test_a_pack_can_be_sent_to_another_process(sound: Path) -> None:
    images = open_pack(sound)
    before = images.pixels([7])
    again = pickle.loads(pickle.dumps(images))
    np.testing.assert_array_equal(again.pixels([7]), before)
    assert again.fingerprint == images.fingerprint


def test_opening_needs_neither_opencv_nor_torch() -> None:
    modules = ", ".join(f"facenet_app.dataset.{name}" for name in ("pack", "pictures", "labelled"))
    program = f"import sys, {modules}; print(*{{'cv2', 'torch', 'jinja2'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == ""


def changed(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda index: index.update(values)


def in_shard(number: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda index: index["shards"][number].update(values)


def shifted(key: str, by: int) -> Callable[[dict[str, Any]], None]:
    def change(index: dict[str, Any]) -> None:
        index["shards"][1][key] = [value + by for value in index["shards"][1][key]]

    return change


WRONG = {
    "format": changed(format=2),
    "other fingerprint": changed(fingerprint="0" * 64),
    "fewer images": changed(images=99),
    "no people": changed(people=[]),
    "people twice": changed(people=["a"] * 10),
    "people are numbers": changed(people=list(range(10))),
    "side": changed(side=10**9),
    "no shards": changed(shards=None),
    "path out of the folder": in_shard(0, name="../../etc/passwd"),
    "absolute path": in_shard(0, name="/etc/passwd"),
    "another shard's name": in_shard(0, name="shard-000001.tar"),
    "negative size": in_shard(0, size=-1),
    "size is text": in_shard(0, size="20480"),
    "digest": in_shard(0, sha256="x"),
    "labels beyond the people": shifted("labels", 10),
    "negative labels": shifted("labels", -9),
    "offsets between blocks": shifted("offsets", 1),
    "offsets before the file": shifted("offsets", -1024),
    "offsets behind the end": shifted("offsets", 512_000),
    "no lengths": shifted("lengths", -(10**6)),
    "fewer labels": in_shard(1, labels=[0]),
    "labels are not numbers": in_shard(1, labels=[True] * 40),
    "huge labels": in_shard(1, labels=[2**70] * 40),
    "nested": in_shard(1, offsets=[[512]] * 40),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_index_is_refused(pack: Path, wrong: str) -> None:
    path = pack / "index.json"
    index = json.loads(path.read_bytes())
    WRONG[wrong](index)
    path.write_text(json.dumps(index))
    with pytest.raises(PackDamaged, match=r"is damaged .*its index is wrong") as refused:
        open_pack(pack)
    assert str(refused.value).count("\n") == 0
    assert refused.value.exit_code == 4


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"format": 1}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(pack: Path, text: str) -> None:
    (pack / "index.json").write_text(text)
    with pytest.raises(PackDamaged, match="its index is wrong"):
        open_pack(pack)


@given(st.data())
def test_a_damaged_index_is_refused_or_says_the_same(sound: Path, data: st.DataObject) -> None:
    text = bytearray((sound / "index.json").read_bytes())
    before = PackIndex.from_dict(json.loads(text))
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b' "0159-,:[]{}ea\\x'))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "index.json").write_bytes(text)
        try:
            index = read_index(Path(folder))
        except PackDamaged:
            return
    assert index.fingerprint == before.fingerprint


def rewritten(pack: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the index and make its fingerprint fit, as somebody who means harm would."""
    path = pack / "index.json"
    index = json.loads(path.read_bytes())
    change(index)
    shards = [[shard["sha256"], shard["labels"]] for shard in index["shards"]]
    index["fingerprint"] = PackIndex.fingerprint_of(
        index["alignment"], index["side"], index["people"], shards
    )
    path.write_text(json.dumps(index))


def test_an_index_that_points_elsewhere_is_found_when_reading(pack: Path) -> None:
    rewritten(pack, shifted("offsets", 512))  # at the contents' second block, not behind a header
    images = open_pack(pack)
    assert images.pixels([0]).shape == (1, 16, 16, 3)
    with pytest.raises(PackDamaged, match=r"byte \d.* of shard-000001\.tar cannot be read"):
        images.pixels([50])


def test_a_picture_of_another_size_is_not_decoded(pack: Path) -> None:
    rewritten(pack, changed(side=32))
    with pytest.raises(PackDamaged, match="cannot be read"):
        open_pack(pack).pixels([0])


def test_a_truncated_shard_is_refused(pack: Path) -> None:
    shard = pack / "shard-000001.tar"
    shard.write_bytes(shard.read_bytes()[:-512])
    with pytest.raises(PackDamaged, match=r"shard-000001\.tar has"):
        open_pack(pack)
    shard.unlink()
    with pytest.raises(PackDamaged, match=r"shard-000001\.tar cannot be read"):
        open_pack(pack)


def test_changed_bytes_are_found(pack: Path) -> None:
    shard = pack / "shard-000002.tar"
    data = bytearray(shard.read_bytes())
    (offset, *_) = json.loads((pack / "index.json").read_bytes())["shards"][2]["offsets"]
    data[offset + 30] ^= 255
    shard.write_bytes(data)
    with pytest.raises(PackDamaged, match=r"the content of shard-000002\.tar was changed"):
        open_pack(pack, verify=True)
    with pytest.raises(PackDamaged, match=r"of shard-000002\.tar cannot be read"):
        open_pack(pack).pixels([80])


def test_no_pack_and_half_a_pack(pack: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no pack"):
        open_pack(tmp_path / "nowhere")
    (pack / "index.json").unlink()
    with pytest.raises(UsageError, match="is not complete; run `facenet-app data prepare` again"):
        open_pack(pack)
