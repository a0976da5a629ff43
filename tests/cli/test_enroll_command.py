"""``facenet-app enroll`` and ``identify``."""

import shutil
from pathlib import Path

import pytest
from program import THRESHOLD, Cli


def test_enrolled_and_known(shell: Cli, astronaut: Path, hopper: Path) -> None:
    ran = shell("enroll", "Eileen Collins", astronaut)
    assert (ran.code, ran.err) == (0, "")
    assert "Eileen Collins: 1 stored" in ran.out
    ran = shell("identify", astronaut, *THRESHOLD)
    assert ran.code == 0
    assert ran.out.startswith("face at (")
    assert ": Eileen Collins (distance 0.0000)" in ran.out.splitlines()[0]
    ran = shell("identify", hopper, *THRESHOLD)
    assert ran.code == 1
    assert ": unknown (nearest distance 1." in ran.out


def test_the_documents(cli: Cli, astronaut: Path, blank: Path) -> None:
    document = cli("enroll", "Eileen Collins", astronaut, blank, "--json").document
    assert set(document) == {"name", "identity", "samples", "known", "refused", "warnings"}
    assert [refused["code"] for refused in document["refused"]] == ["no_face"]
    assert len(document["samples"]) == 1
    document = cli("identify", astronaut, *THRESHOLD, "--json").document
    assert document["decision"] == "match"
    assert document["gallery_size"] == 1
    assert document["faces"][0]["name"] == "Eileen Collins"
    assert {"distance", "threshold", "operating_point", "model", "warnings"} <= set(document)


def test_nobody_is_known_in_an_empty_gallery(cli: Cli, astronaut: Path) -> None:
    ran = cli("identify", astronaut, *THRESHOLD)
    assert ran.code == 1
    assert "warning: The gallery is empty" in ran.out


def test_a_picture_enrolled_already(cli: Cli, astronaut: Path) -> None:
    assert cli("enroll", "Eileen Collins", astronaut).code == 0
    again = cli("enroll", "Eileen Collins", astronaut)
    assert again.code == 0
    assert "enrolled already" in again.out
    other = cli("enroll", "Somebody Else", astronaut)
    assert other.code == 5
    assert f"refused {astronaut}: this very picture is enrolled as 'Eileen Collins'" in other.out


def test_the_first_refusal_decides(cli: Cli, blank: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("no picture")
    assert cli("enroll", "Nobody", blank, text).code == 3
    assert cli("enroll", "Nobody", text, blank).code == 4
    assert cli("gallery", "list", "--json").document == {"people": []}


@pytest.mark.parametrize("name", ["", "   ", "x" * 500, "../Ada", "/etc/passwd", "~ada", "a\\b", "a\x1bb"])
def test_wrong_names(cli: Cli, astronaut: Path, name: str) -> None:
    ran = cli("enroll", name, astronaut, "--json")
    assert ran.code == 2
    assert ran.error_code == "invalid_name"


def test_wrong_usage(cli: Cli, astronaut: Path, tmp_path: Path) -> None:
    assert cli("enroll").code == 2
    assert cli("enroll", "Ada").code == 2
    assert cli("enroll", "Ada", astronaut, "--from-folders", tmp_path).code == 2
    assert cli("enroll", "--from-folders", tmp_path / "nowhere").code == 2
    assert cli("enroll", "--from-folders", tmp_path).code == 2


@pytest.fixture
def people(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    root = tmp_path / "people"
    for name, picture in {"Eileen_Collins": astronaut, "Grace_Hopper": hopper, "~odd": hopper}.items():
        (root / name).mkdir(parents=True)
        shutil.copy(picture, root / name)
    (root / "Grace_Hopper" / "broken.jpg").write_bytes(b"")
    return root


def test_from_folders(cli: Cli, people: Path) -> None:
    ran = cli("enroll", "--from-folders", people)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Eileen Collins: 1 stored, 0 refused"
    assert "Grace Hopper: 1 stored, 1 refused" in lines
    assert lines[-1] == "in all: 2 people, 2 stored, 2 refused, 1 empty_image, 1 invalid_name"
    assert "Grace Hopper  (1 sample)" in cli("gallery", "list").out


def test_from_folders_as_json(cli: Cli, people: Path) -> None:
    document = cli("enroll", "--from-folders", people, "--json").document
    assert [person["name"] for person in document["people"]] == ["Eileen Collins", "Grace Hopper", "~odd"]
    assert document["totals"] == {
        "people": 2,
        "samples": 2,
        "known": 0,
        "refused": 2,
        "refused_by_code": {"empty_image": 1, "invalid_name": 1},
    }


@pytest.mark.lfw
def test_people_of_lfw(cli: Cli, lfw: Path, tmp_path: Path) -> None:
    names = ["Ariel_Sharon", "Hans_Blix", "Serena_Williams"]
    for name in names:
        (tmp_path / "people" / name).mkdir(parents=True)
        for number in (1, 2, 3):
            shutil.copy(lfw / name / f"{name}_{number:04}.jpg", tmp_path / "people" / name)
    ran = cli("enroll", "--from-folders", tmp_path / "people")
    assert ran.code == 0
    assert ran.out.endswith("in all: 3 people, 9 stored, 0 refused\n")
    ran = cli("identify", lfw / "Hans_Blix" / "Hans_Blix_0005.jpg", *THRESHOLD)
    assert ran.code == 0
    assert ": Hans Blix (distance " in ran.out
    ran = cli("identify", lfw / "Tony_Blair" / "Tony_Blair_0001.jpg", *THRESHOLD)
    assert ran.code == 1
    pair = [lfw / "Serena_Williams" / f"Serena_Williams_000{number}.jpg" for number in (4, 5)]
    assert cli("verify", *pair, *THRESHOLD).code == 0
