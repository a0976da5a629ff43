"""Folders and lists of pictures of anything."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facenet_app.dataset.listing import list_pictures
from facenet_app.dataset.pictures import open_folder, open_list
from facenet_app.errors import ImageError, ImageNotFound, UsageError


@pytest.fixture
def cups(tmp_path: Path) -> Path:
    """Two kinds of things, three pictures of many sizes and modes."""
    root = tmp_path / "things"
    for label, name, color, size in (
        ("cup", "a.png", (200, 10, 10), (40, 40)),
        ("cup", "b.jpg", (10, 200, 10), (90, 30)),
        ("Auto", "x.bmp", (10, 10, 200), (16, 64)),
    ):
        (root / label).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, color).save(root / label / name)
    (root / "cup" / "notes.txt").write_text("no picture")
    (root / "cup" / ".b.jpg").write_bytes(b"hidden")
    (root / ".cache").mkdir()
    (root / "loose.png").write_bytes(b"")
    return root


def test_a_folder_of_things(cups: Path) -> None:
    images = open_folder(cups, 32)
    assert images.people == ("Auto", "cup")
    assert images.labels.tolist() == [0, 1, 1]
    assert [path.name for path in images.paths] == ["x.bmp", "a.png", "b.jpg"]
    assert (len(images), images.side, images.alignment) == (3, 32, "as-is")
    pixels = images.pixels([2, 0])
    assert pixels.shape == (2, 32, 32, 3)
    assert pixels.dtype == np.uint8
    expected = np.array([[10, 200, 10], [10, 10, 200]])
    np.testing.assert_allclose(pixels.astype(int) - expected[:, None, None], 0, atol=3)
    assert images.pixels([]).shape == (0, 32, 32, 3)


def test_pictures_are_turned_upright_and_averaged(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    rows = np.zeros((64, 64, 3), np.uint8)
    rows[::2] = 255  # every other row is white: a picture of half the size is gray
    rows[:, :32] = 0
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(rows).save(tmp_path / "a" / "1.png", exif=exif)
    (picture,) = open_folder(tmp_path, 16).pixels([0])
    assert picture[4:12, 10:].max() == 0
    assert np.abs(picture[4:12, 2:6].astype(int) - 128).max() < 8


def test_a_list(cups: Path, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("label;path\nred;things/cup/a.png\nother;things/Auto/x.bmp\n", encoding="utf-8-sig")
    images = open_list(table, 16)
    assert images.people == ("other", "red")
    assert images.pixels([1])[0, 0, 0].tolist() == [200, 10, 10]
    table.write_text("path,label\ncup/a.png,red\nAuto/x.bmp,other\n")
    assert open_list(table, 16, root=cups).people == images.people


def test_fingerprints_follow_the_contents(cups: Path) -> None:
    before = open_folder(cups, 32).fingerprint
    assert open_folder(cups, 32).fingerprint == before
    assert open_folder(cups, 48).fingerprint != before
    assert open_folder(cups, 32, alignment="five-point-112").fingerprint != before
    Image.new("RGB", (40, 40), (201, 10, 10)).save(cups / "cup" / "a.png")
    assert open_folder(cups, 32).fingerprint != before


def test_a_bad_picture_is_named(cups: Path) -> None:
    (cups / "cup" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    images = open_folder(cups, 32)
    with pytest.raises(ImageError, match=r"a\.png"):
        images.pixels([1])
    (cups / "cup" / "b.jpg").unlink()
    with pytest.raises(ImageNotFound, match=r"b\.jpg"):
        images.pixels([2])


@pytest.mark.parametrize("side", [0, 15, 5000])
def test_sides_that_make_no_sense(cups: Path, side: int) -> None:
    with pytest.raises(UsageError, match="give 16 to 2048"):
        open_folder(cups, side)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("picture,label\na.png,x\n", "no columns path and label"),
        ("path,label\n", "lists no picture"),
        ("path,label\na.png,\n", "line 2 of .* has no path or no label"),
        ("path,label\na.png,x\na.png,y\n", "line 3 of .* has the same picture as line 2"),
        ("path,label\na.png,x,1\n", "line 2 of .* has 3 fields"),
    ],
)
def test_lists_that_are_wrong(tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "list.csv").write_text(table)
    with pytest.raises(UsageError, match=words):
        list_pictures(tmp_path / "list.csv")


def test_a_list_of_missing_pictures(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\nnowhere.png,x\n")
    with pytest.raises(ImageNotFound, match=r"nowhere\.png cannot be read"):
        open_list(tmp_path / "list.csv", 32)


def test_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder that can be read"):
        list_pictures(tmp_path / "missing")
    (tmp_path / "a").mkdir()
    with pytest.raises(UsageError, match="holds no folder with pictures"):
        list_pictures(tmp_path)
