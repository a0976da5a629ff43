"""Labelled folders and tables of attributes."""

from pathlib import Path

import pytest

from facenet_app.errors import UsageError
from facenet_app.evaluation.attributes import read_attributes
from facenet_app.evaluation.labelled import read_folders

PEOPLE = ("Ada/1.jpg", "Ada/2.PNG", "Bob B/1.webp")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    root = tmp_path / "people"
    for name in (*PEOPLE, "Ada/notes.txt", "Ada/._1.jpg", ".trash/x.jpg", "loose.jpg", "Empty/readme.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(folder: Path, text: str) -> Path:
    path = folder / "groups.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_one_folder_is_one_person(people: Path) -> None:
    pictures = read_folders(people)
    assert pictures.names == PEOPLE
    assert pictures.people == ("Ada", "Bob B")
    assert pictures.identities.tolist() == [0, 0, 1]
    assert pictures.paths == tuple(people / name for name in PEOPLE)


def test_too_little_is_refused_with_what_is_needed(people: Path, tmp_path: Path) -> None:
    (people / "Ada/2.PNG").unlink()
    with pytest.raises(UsageError, match=r"nobody .* has two pictures.*add a second picture"):
        read_folders(people)
    (people / "Bob B/1.webp").unlink()
    with pytest.raises(UsageError, match=r"pictures of 1 people.*at least two people"):
        read_folders(people)
    with pytest.raises(UsageError, match="is not a folder"):
        read_folders(tmp_path / "nowhere")


def test_attributes_by_identity_and_by_image(people: Path) -> None:
    names, folders = PEOPLE, ("Ada", "Ada", "Bob B")
    by_person = table(people, "identity;age group;glasses\nAda;adult;yes\nEve;child;no\n")
    assert read_attributes(by_person).of(names, folders) == {
        "age group": ("adult", "adult", ""),
        "glasses": ("yes", "yes", ""),
    }
    by_picture = table(people, "light,image\n day ,Ada/2.PNG\nnight,Bob B/1.webp\n")
    assert read_attributes(by_picture).of(names, folders) == {"light": ("", "day", "night")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name a column"),
        ("identity\nAda\n", "must name a column"),
        ("name,age\nAda,1\n", "must name a column"),
        ("identity,age,age\nAda,1,2\n", "names a column twice"),
        ("identity,age\n", "has no rows"),
        ("identity,age\nAda\n", "line 2 .* fields"),
        ("identity,age\nAda,1\nAda,2\n", "line 3 .* repeated identity"),
        ("identity,age\n,1\n", "line 2 .* empty"),
        ('identity,age\n"Ada"x,1\n', "line 2 .* is not CSV"),
    ],
)
def test_mistakes_in_tables_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_attributes(table(tmp_path, text))


def test_a_table_of_other_pictures_is_refused(tmp_path: Path) -> None:
    attributes = read_attributes(table(tmp_path, "image,light\n/data/Ada/1.jpg,day\n"))
    with pytest.raises(UsageError, match=r"begins with /data/Ada/1\.jpg, and the pictures with Ada/1\.jpg"):
        attributes.of(PEOPLE, ("Ada", "Ada", "Bob B"))


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_attributes(tmp_path / "missing.csv")
