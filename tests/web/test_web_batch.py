"""Many pairs at once: tables of pairs, two files of pictures, and the CSV that comes out."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from facenet_app.service import FaceService
from facenet_app.web import batch
from facenet_app.web.batch import COLUMNS, compare_batch


def zipped(path: Path, members: dict[str, Path | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, source in members.items():
            archive.writestr(name, source if isinstance(source, bytes) else source.read_bytes())
    return path


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def rows(text: str) -> list[dict[str, str]]:
    read = csv.DictReader(io.StringIO(text, newline=""))
    assert tuple(read.fieldnames or ()) == COLUMNS
    return list(read)


@pytest.fixture
def pictures(astronaut: Path, hopper: Path, two_faces: Path, tmp_path: Path) -> Path:
    return zipped(
        tmp_path / "pictures.zip",
        {"in/collins.png": astronaut, "hopper.jpg": hopper, "both.png": two_faces, "broken.jpg": b"no"},
    )


def test_a_table_of_pairs(service: FaceService, pictures: Path, tmp_path: Path) -> None:
    pairs = table(
        tmp_path / "pairs.csv",
        "note,probe,reference",
        "x,hopper.jpg,both.png",
        "y,in/collins.png,hopper.jpg",
        "z,broken.jpg,hopper.jpg",
        "z,hopper.jpg,nowhere.jpg",
    )
    told: list[tuple[int, int]] = []
    answer = compare_batch(service, [pairs, pictures], None, lambda *done: told.append(done))
    assert answer.done
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    same, different, broken, missing = rows(answer.csv)
    assert (same["decision"], different["decision"]) == ("match", "non_match")
    assert float(same["distance"]) < float(same["threshold"]) < float(different["distance"])
    assert broken["decision"] == missing["decision"] == ""
    assert broken["error"].startswith("broken.jpg ")
    assert "not in the files" in missing["error"]
    assert "Same person: 1 · Different people: 1 · could not be compared: 2" in answer.html
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".zip", ".csv", "")) == [
        "pairs.csv",
        "pictures.zip",
    ]


def test_each_pair_gets_what_it_gets_alone(
    service: FaceService, pictures: Path, astronaut: Path, hopper: Path, tmp_path: Path
) -> None:
    pairs = table(tmp_path / "pairs.csv", "probe;reference", "in/collins.png;hopper.jpg")
    row = rows(compare_batch(service, [pictures, pairs]).csv)[0]
    alone = service.verify(astronaut, hopper)
    assert float(row["distance"]) == pytest.approx(alone.distance, abs=1e-4)
    assert row["decision"] == alone.decision.value
    assert row["threshold"] == f"{alone.threshold:.4f}"


def test_two_files_of_pictures_are_paired_by_name(
    service: FaceService, astronaut: Path, hopper: Path, tmp_path: Path
) -> None:
    probes = zipped(tmp_path / "a.zip", {"1.png": astronaut, "2.jpg": hopper})
    references = zipped(tmp_path / "b.zip", {"1.jpg": hopper, "3.png": astronaut})
    found = rows(compare_batch(service, [probes, references]).csv)
    assert [(each["probe"], each["reference"]) for each in found] == [
        ("1.png", "1.jpg"),
        ("2.jpg", ""),
        ("", "3.png"),
    ]
    assert [bool(each["error"]) for each in found] == [False, True, True]


def test_the_rate_decides(service: FaceService, pictures: Path, tmp_path: Path) -> None:
    pairs = table(tmp_path / "pairs.csv", "probe,reference", "hopper.jpg,both.png")
    strict, loose = (rows(compare_batch(service, [pictures, pairs], rate).csv)[0] for rate in (1e-5, 1e-2))
    assert float(strict["threshold"]) < float(loose["threshold"])
    assert (strict["target_fmr"], loose["target_fmr"]) == ("1e-05", "0.01")


def test_names_are_no_formulas_and_no_html(service: FaceService, hopper: Path, tmp_path: Path) -> None:
    name = "=HYPERLINK(<b>x</b>).jpg"
    archive = zipped(tmp_path / "p.zip", {name: hopper})
    pairs = table(tmp_path / "pairs.csv", "probe,reference", f"{name},{name}")
    answer = compare_batch(service, [archive, pairs])
    assert rows(answer.csv)[0]["probe"] == f"'{name}"
    assert "<b>" not in answer.html


def test_a_long_table_is_cut_on_the_page_only(
    service: FaceService, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "LONGEST_TABLE", 1)
    pairs = table(tmp_path / "pairs.csv", "probe,reference", *["hopper.jpg,hopper.jpg"] * 3)
    answer = compare_batch(service, [pictures, pairs])
    assert answer.html.count("fa-badge") == 1
    assert "The first 1 of 3 pairs" in answer.html
    assert len(rows(answer.csv)) == 3


@pytest.mark.parametrize("given", [(), ("pictures",), ("table", "table"), ("pictures", "table", "table")])
def test_which_files_are_needed(
    service: FaceService, pictures: Path, tmp_path: Path, given: tuple[str, ...]
) -> None:
    files = {"pictures": pictures, "table": table(tmp_path / "pairs.csv", "probe,reference")}
    answer = compare_batch(service, [files[each] for each in given])
    assert not answer.done
    assert "or two ZIP files, are needed" in answer.html


def test_a_table_without_the_columns(service: FaceService, pictures: Path, tmp_path: Path) -> None:
    answer = compare_batch(service, [pictures, table(tmp_path / "pairs.csv", "first,second", "a,b")])
    assert "no columns named probe and reference" in answer.html
