"""``facenet-app enroll`` for many people: from a table, with several processes, on Ray."""

import csv
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image
from program import Cli

from facenet_app.enrollment.people import people_in_table
from facenet_app.errors import UsageError
from facenet_app.service import FaceService
from facenet_app.settings import load_settings


@pytest.fixture
def pictures(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    """Two people, a picture of nobody and a damaged one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    shutil.copy(astronaut, folder / "collins.png")
    shutil.copy(hopper, folder / "hopper.jpg")
    with Image.open(hopper) as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.png")
    Image.new("RGB", (200, 200), "gray").save(folder / "wall.png")
    (folder / "cut.jpg").write_bytes(hopper.read_bytes()[:5000])
    return folder


@pytest.fixture
def table(pictures: Path) -> Path:
    path = pictures.parent / "people.csv"
    path.write_text(
        "Path;Name\n"
        "pictures/collins.png;Eileen Collins\n"
        "pictures/hopper.jpg;Grace Hopper\n"
        "pictures/wall.png;Eileen Collins\n"
        "pictures/mirrored.png;Grace Hopper\n"
        "pictures/gone.jpg;Nobody\n"
        "pictures/cut.jpg;Nobody\n"
        "pictures\\hopper.jpg;../odd\n",
        encoding="utf-8",
    )
    return path


def test_from_a_table(cli: Cli, table: Path, tmp_path: Path) -> None:
    ran = cli("enroll", "--csv", table, "--refused", tmp_path / "refused.csv")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Eileen Collins: 1 stored, 1 refused"
    assert lines[2] == "Grace Hopper: 2 stored, 0 refused"
    assert lines[-1] == (
        "in all: 2 people, 3 stored, 4 refused, "
        "1 image_not_found, 1 invalid_name, 1 no_face, 1 truncated_image"
    )
    with (tmp_path / "refused.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pictures = table.parent / "pictures"
    assert [(row["name"], row["path"], row["code"]) for row in rows] == [
        ("Eileen Collins", str(pictures / "wall.png"), "no_face"),
        ("Nobody", str(pictures / "gone.jpg"), "image_not_found"),
        ("Nobody", str(pictures / "cut.jpg"), "truncated_image"),
        ("../odd", f"{table}, line 8", "invalid_name"),
    ]
    assert all(row["message"].endswith(".") for row in rows)


def test_again_nothing_is_stored_twice(cli: Cli, table: Path) -> None:
    assert cli("enroll", "--csv", table, "--json").document["totals"]["samples"] == 3
    ran = cli("enroll", "--csv", table, "--json")
    assert ran.code == 0
    assert ran.document["totals"] == {
        "people": 2,
        "samples": 0,
        "known": 3,
        "refused": 4,
        "refused_by_code": {"image_not_found": 1, "invalid_name": 1, "no_face": 1, "truncated_image": 1},
    }
    assert "3 enrolled before" in cli("enroll", "--csv", table).out


def test_one_person_and_many_know_of_each_other(cli: Cli, table: Path) -> None:
    """The pixels tell, where the digest of the file is not kept."""
    assert cli("enroll", "Grace Hopper", table.parent / "pictures" / "hopper.jpg").code == 0
    totals = cli("enroll", "--csv", table, "--json").document["totals"]
    assert (totals["samples"], totals["known"]) == (2, 1)


def test_two_processes_store_what_one_does(
    service: FaceService, table: Path, shell: Cli, own_gallery: Path
) -> None:
    ran = shell("enroll", "--csv", table, "--workers", "2", "--json")
    assert ran.code == 0
    alone = [result.to_dict() for result in service.enroll_table(table)]
    people = ran.document["people"]
    assert [each["name"] for each in people] == [each["name"] for each in alone]
    assert [each["refused"] for each in people] == [each["refused"] for each in alone]
    assert [each["warnings"] for each in people] == [each["warnings"] for each in alone]
    with FaceService.open(gallery=own_gallery) as other:
        for who in service.identities():
            ours, theirs = service.samples(who.name), other.samples(who.name)
            assert [each.content_sha256 for each in ours] == [each.content_sha256 for each in theirs]
            for one, two in zip(ours, theirs, strict=True):
                assert abs(one.embedding.vector - two.embedding.vector).max() < 1e-5


def test_on_a_ray_of_this_machine(table: Path, shell: Cli, require: Callable[[str, str], None]) -> None:
    if find_spec("ray") is None:
        require("ray", "Ray is not installed")
    ran = shell("enroll", "--csv", table, "--ray", "--ray-address", "local", "--workers", "2", "--json")
    assert ran.code == 0
    assert ran.document["totals"]["samples"] == 3
    assert ran.document["totals"]["refused_by_code"]["no_face"] == 1


def test_without_ray_it_is_said_what_to_do(cli: Cli, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    ran = cli("enroll", "--csv", table, "--ray")
    assert ran.code == 2
    assert ran.err == (
        "Ray is not installed, so the work cannot be spread over machines; install it with "
        "`uv sync --extra ray`, or leave --ray out.\n"
    )


def test_wrong_usage(cli: Cli, table: Path, tmp_path: Path, astronaut: Path) -> None:
    assert cli("enroll", "--csv", table, "--from-folders", tmp_path).code == 2
    assert cli("enroll", "Ada", astronaut, "--csv", table).code == 2
    assert cli("enroll", "--csv", table, "--workers", "-1").code == 2
    ran = cli("enroll", "--csv", table, "--refused", tmp_path / "nowhere" / "refused.csv")
    assert ran.code == 2
    assert "cannot be written (No such file or directory)" in ran.err
    assert cli("gallery", "list", "--json").document == {"people": []}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,picture\nAnna,a.jpg\n", "has no columns name and path"),
        ("name,path\nAnna,\n", "line 2 of .* has no name or no path"),
        ("name,path\nAnna,a.jpg\n ,b.jpg\n", "line 3 of .* has no name or no path"),
        ("name,path\nAnna\n", "line 2 of .* has 1 fields"),
        ("name,path\n", "lists no picture"),
        ('name,path\n"Anna,a.jpg\n', "is not CSV"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        people_in_table(tmp_path / "people.csv")


def test_a_table_groups_by_person_and_counts_a_picture_once(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(
        "\ufeffpath\tname\na.jpg\tAnna\nb.jpg\tBea\nc.jpg\tAnna\na.jpg\tAnna\n/d.jpg\tBea\n", encoding="utf-8"
    )
    anna, bea = people_in_table(tmp_path / "people.csv")
    assert (anna.name, anna.pictures) == ("Anna", (tmp_path / "a.jpg", tmp_path / "c.jpg"))
    assert (bea.name, bea.pictures) == ("Bea", (tmp_path / "b.jpg", Path("/d.jpg")))


def test_other_processes_are_told_of_no_gallery_and_no_other_machine_of_folders(tmp_path: Path) -> None:
    settings = load_settings(gallery=tmp_path / "secret.db", cache=tmp_path, mirror=True)
    near, far = settings.of_extraction(), settings.of_extraction(elsewhere=True)
    assert near["cache"] == tmp_path
    assert near["mirror"] is True
    assert str(tmp_path) not in str(far)
    assert "secret.db" not in str(near)
