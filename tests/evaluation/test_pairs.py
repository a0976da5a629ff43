"""Lists of pairs: both formats, told apart, and every mistake named with its line."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.errors import ImageNotFound, UsageError
from facenet_app.evaluation.datasets import pair_list
from facenet_app.evaluation.pairs import PairList, existing, read_pair_list

TABLE = "probe,reference,mated\na/1.jpg,a/2.jpg,1\na/1.jpg,b/1.jpg,0\n"


def read(folder: Path, text: str) -> PairList:
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_pair_list(path)


def listed(pairs: PairList) -> list[tuple[str, str, bool, int]]:
    names = np.array(pairs.pictures)
    rows = zip(names[pairs.probe], names[pairs.reference], pairs.mated, pairs.fold, strict=True)
    return [(str(probe), str(reference), bool(mated), int(fold)) for probe, reference, mated, fold in rows]


def test_a_table(tmp_path: Path) -> None:
    pairs = read(tmp_path, TABLE)
    assert listed(pairs) == [("a/1.jpg", "a/2.jpg", True, 0), ("a/1.jpg", "b/1.jpg", False, 0)]
    assert pairs.pictures == ("a/1.jpg", "a/2.jpg", "b/1.jpg")
    assert pairs.person.tolist()[0] == pairs.person.tolist()[1] != pairs.person.tolist()[2]
    assert not pairs.names_people
    assert len(pairs) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_tables_of_other_programs(tmp_path: Path, delimiter: str, end: str, mark: str) -> None:
    lines = [["Mated", " probe", "reference", "fold", "note"], ["yes", "ä.jpg", "ö 2.jpg", "3", "x"]]
    lines.append(["No", "ä.jpg", "z.jpg", "4", ""])
    text = mark + "".join(delimiter.join(line) + end for line in lines)
    assert listed(read(tmp_path, text)) == [("ä.jpg", "ö 2.jpg", True, 3), ("ä.jpg", "z.jpg", False, 4)]


PICTURES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(PICTURES, PICTURES, st.integers(0, 9)).filter(lambda row: row[0] != row[1]),
        min_size=1,
        max_size=20,
    )
)
def test_what_the_csv_module_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]]
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(("probe", "reference", "mated", "fold"))
    writer.writerows((probe, reference, 1, fold) for probe, reference, fold in rows)
    pairs = read(tmp_path_factory.mktemp("list"), file.getvalue())
    assert listed(pairs) == [(probe, reference, True, fold) for probe, reference, fold in rows]
    same = pairs.person[pairs.probe] == pairs.person[pairs.reference]
    assert same.all()


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("list")
    for content in (text, TABLE + text, "1\n" + text, "probe,reference,mated\n" + text):
        try:
            pairs = read(folder, content)
        except UsageError as error:
            told = "pairs.csv" in error.message or "contradicts itself" in error.message
        else:
            told = len(pairs) > 0
        assert told


def test_lfw_format_names_the_people(tmp_path: Path) -> None:
    pairs = read(tmp_path, "1\nAda\t1\t4\nAda\t1\tBob\t2\n")
    assert listed(pairs)[1] == ("Ada/Ada_0001.jpg", "Bob/Bob_0002.jpg", False, 0)
    assert pairs.names_people
    assert np.unique(pairs.person).size == 2


def test_pictures_linked_by_mated_pairs_are_one_person(tmp_path: Path) -> None:
    pairs = read(tmp_path, "probe,reference,mated\na,b,1\nc,b,1\nd,e,1\na,d,0\nf,a,0\n")
    person = dict(zip(pairs.pictures, pairs.person.tolist(), strict=True))
    assert person["a"] == person["b"] == person["c"]
    assert len(set(person.values())) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column probe"),
        ("probe,reference\na,b\n", "lacks the column mated"),
        ("probe,reference,mated\n", "has no pairs"),
        (TABLE + "a,b\n", "line 4 .* 2 fields"),
        (TABLE + "a,b,1,1\n", "line 4 .* 4 fields"),
        ("probe,reference,mated,Mated\na,b,1,1\n", "column twice"),
        (TABLE + "a,b,maybe\n", "line 4 .* not 'maybe'"),
        (TABLE + ",b,1\n", "line 4 .* a picture is missing"),
        (TABLE + "a,a,1\n", "line 4 .* compared with itself"),
        (TABLE + 'a,"b"x,1\n', "line 4 .* is not CSV"),
        ("probe,reference,mated,fold\na,b,1,first\n", "line 2 .* not 'first'"),
        (TABLE + "b/1.jpg,a/2.jpg,1\n", "contradicts itself"),
        ("1\nAda\t1\t2\nAda\t1\tBob\n", "line 3 "),
        ("0\nAda\t1\t2\n", "line 1 "),
        ("2\nAda\t1\t2\nAda\t1\tBob\t1\n", "promises 4"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(tmp_path, text)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_pair_list(tmp_path / "missing.csv")
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(UsageError, match="cannot be read"):
        read_pair_list(tmp_path / "picture.jpg")


def test_missing_pictures_are_counted(tmp_path: Path) -> None:
    (tmp_path / "b.jpg").touch()
    with pytest.raises(ImageNotFound, match=r"2 of the 3 pictures .* first is a\.jpg") as caught:
        existing(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    assert caught.value.exit_code == 4
    assert existing(tmp_path, ["b.jpg"]) == [tmp_path / "b.jpg"]


@pytest.mark.parametrize("place", [".", "images"])
def test_pictures_of_an_lfw_list_may_be_where_lfw_has_them(tmp_path: Path, place: str) -> None:
    listed = tmp_path / "pairs.txt"
    listed.write_text("1\nAda_Lovelace\t1\t2\nAda_Lovelace\t1\tGrace_Hopper\t1\n", encoding="utf-8")
    names = ("Ada_Lovelace_0001", "Ada_Lovelace_0002", "Grace_Hopper_0001")
    for name in names:
        picture = tmp_path / place / name[:-5] / f"{name}.jpg"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.touch()
    assert sorted(path.stem for path in pair_list(listed, tmp_path).paths) == sorted(names)
