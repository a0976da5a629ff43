"""``facenet-app evaluate``: from folders and lists to numbers and a report."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance
from program import Cli, Ran

from facenet_app.domain import OperatingPoint
from facenet_app.evaluation.result import SCHEMA
from facenet_app.service import FaceService
from facenet_app.weights.own_points import write_own_points

BY_HAND = ("--threshold", "1.1")


@pytest.fixture(scope="session")
def people(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people with three pictures each of a face, and one of a wall."""
    root = tmp_path_factory.mktemp("data") / "people"
    for name, source in (("Collins", astronaut), ("Hopper", hopper)):
        (root / name).mkdir(parents=True)
        with Image.open(source) as opened:
            picture = opened.convert("RGB")
        picture.save(root / name / "1.png")
        ImageEnhance.Brightness(picture).enhance(0.6).save(root / name / "2.png")
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(root / name / "3.png")
    Image.new("RGB", (200, 200), "gray").save(root / "Hopper" / "wall.png")
    return root


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "report"


def test_folders_give_numbers_and_a_report(cli: Cli, people: Path, out: Path) -> None:
    ran = cli("evaluate", "--folders", people, *BY_HAND, "--out", out, "--json")
    assert ran.code == 0
    document = ran.document
    assert document["schema"] == SCHEMA
    assert document["report"] == str(out / "report.html")
    assert document["dataset"]["mated_pairs"] == 3 + 6
    assert document["dataset"]["non_mated_pairs"] == 3 * 4
    (model,) = document["models"]
    assert model["model"] == "sface"
    assert [(each["path"], each["code"]) for each in model["failures_to_acquire"]] == [
        ("Hopper/wall.png", "no_face")
    ]
    top = model["verification"]["headline"]
    assert (top["threshold"], top["threshold_from"]) == (1.1, "given by hand")
    assert (top["fmr"]["errors"], top["fmr"]["trials"]) == (0, 9)
    assert (top["fnmr"]["errors"], top["fnmr"]["trials"]) == (0, 6)
    # The wall counts against the system: nobody on it is ever recognized.
    assert (top["frr"]["errors"], top["frr"]["trials"]) == (3, 9)
    assert (top["far"]["errors"], top["far"]["trials"]) == (0, 12)
    assert "insufficient data" in model["verification"]["rates"][0]["reason"]
    kept = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert {**kept, "report": document["report"]} == document
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64") >= 6
    assert list(out.glob("*.svg"))
    again = cli("evaluate", "--folders", people, *BY_HAND, "--out", out)
    assert again.code == 0
    lines_for_people(again, out)


def lines_for_people(ran: Ran, out: Path) -> None:
    """What a second run prints."""
    assert ran.err == ""
    assert "people: 7 pictures of 2 people, 9 mated and 12 non-mated pairs" in ran.out
    assert "0 embedded now, 7 known before" in ran.out
    assert "Hopper/wall.png (no_face)" in ran.out
    assert "threshold 1.1000: given by hand" in ran.out
    assert "FRR  33.33" in ran.out
    assert "FNMR 0" in ran.out
    assert "leave out 3 mated and 3 non-mated pairs without two faces" in ran.out
    assert "insufficient data: a false match rate of 0.001 needs at least 1,000" in ran.out
    assert ran.out.endswith(f"report: {out / 'report.html'}\n")


def test_the_models_point_is_used_if_there_is_one(
    cli: Cli, people: Path, out: Path, verifier: FaceService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACENET_APP_CALIBRATION", str(tmp_path / "points"))
    point = OperatingPoint(1.05, verifier.extractor.fingerprint, target_fmr=0.0125, dataset="the door")
    write_own_points(tmp_path / "points", "sface", [point])
    ran = cli("evaluate", "--folders", people, "--fmr", "0.0125", "--out", out, "--json")
    part = ran.document["models"][0]["verification"]
    assert part["headline"]["threshold"] == 1.05
    assert part["headline"]["threshold_from"] == (
        "the model's operating point for FMR 0.0125, measured on the door"
    )
    assert 0.0125 in [each["operating_point"]["target_fmr"] for each in part["operating_points"]]
    refused = cli("evaluate", "--folders", people, "--fmr", "0.0123", "--out", out, "--json")
    assert (refused.code, refused.error_code) == (2, "usage")
    assert "insufficient data" in refused.document["error"]["message"]


def test_a_list_with_attributes(cli: Cli, people: Path, out: Path, tmp_path: Path) -> None:
    pairs, groups = tmp_path / "pairs.csv", tmp_path / "groups.csv"
    pairs.write_text(
        "probe,reference,mated\nCollins/1.png,Collins/3.png,1\nHopper/1.png,Hopper/2.png,1\n"
        "Collins/1.png,Hopper/1.png,0\nCollins/2.png,Hopper/wall.png,0\n"
    )
    groups.write_text(
        "image,light\nCollins/1.png,day\nCollins/3.png,day\nHopper/1.png,night\nHopper/2.png,night\n"
    )
    ran = cli(
        "evaluate", "--pairs", pairs, "--images", people, "--attribute", groups, *BY_HAND, "--out", out
    )  # fmt: skip
    assert ran.code == 0
    assert "day with night: FMR 0" in ran.out
    document = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert document["dataset"]["kind"] == "pairs"
    (table,) = document["models"][0]["verification"]["subgroups"]
    assert (table["attribute"], table["unlabelled"]) == ("light", 2)
    assert [(row["value"], row["other"]) for row in table["rows"]] == [
        ("day", None),
        ("night", None),
        ("day", "night"),
    ]


def test_a_protocol_of_lfw(cli: Cli, people: Path, out: Path, tmp_path: Path) -> None:
    home = tmp_path / "lfw"
    for name in ("Collins", "Hopper"):
        for number in (1, 2):
            picture = home / "images" / name / f"{name}_{number:04}.jpg"
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes((people / name / f"{number}.png").read_bytes())
    fold = "Collins\t1\t2\nCollins\t1\tHopper\t2\n"
    (home / "pairs.txt").write_text("2\t1\n" + fold + fold.replace("1", "2", 1).replace("2\t2", "2\t1"))
    ran = cli("evaluate", "--protocol", "lfw", "--images", home, *BY_HAND, "--out", out)
    assert ran.code == 0
    assert "Labeled Faces in the Wild, View 2: 3 pictures of 2 people" in ran.out
    assert "(standard error): the best threshold of the other folds decides the one left out" in ran.out


def test_identification(cli: Cli, people: Path, out: Path) -> None:
    ran = cli("evaluate", "--identification", "--folders", people, "--out", out, "--json")
    part = ran.document["models"][0]["identification"]
    assert part["gallery_size"] == 1
    assert part["samples"] + part["mated_probes"] + part["non_mated_probes"] == 7
    shown = cli("evaluate", "--identification", "--images", people, "--gallery-size", "2", "--out", out)
    assert "2 people enrolled" in shown.out
    assert "minimum: found first" in shown.out
    assert "needs at least" in shown.out
    assert (out / "report.html").is_file()


def test_two_models_are_compared(cli: Cli, people: Path, out: Path) -> None:
    ran = cli(
        "evaluate", "--folders", people, "--model", "sface", "--model", "sface", "--fmr", "0.2",
        "--threshold", "1.1", "--out", out, "--json",
    )  # fmt: skip
    assert (ran.code, ran.error_code) == (2, "usage")
    ran = cli(
        "evaluate", "--folders", people, "--model", "sface", "--model", "sface", "--fmr", "0.2", "--out", out,
        "--json",
    )  # fmt: skip
    assert len(ran.document["models"]) == 2
    (comparison,) = ran.document["comparisons"]
    assert comparison["difference"] == 0
    assert "do not show" in comparison["verdict"]


def test_the_mirror_is_another_way_of_embedding(cli: Cli, people: Path, out: Path) -> None:
    ran = cli("evaluate", "--folders", people, "--mirror", *BY_HAND, "--no-cache", "--out", out, "--json")
    (model,) = ran.document["models"]
    assert model["fingerprint"].endswith("-mirror")
    assert (model["embedded"], model["cached"]) == (7, 0)


def test_the_report_has_a_name_of_its_own(
    cli: Cli, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on the same day: no report is overwritten unless its folder is given."""
    monkeypatch.chdir(tmp_path)
    for ending in ("", "-2"):
        ran = cli("evaluate", "--folders", people, *BY_HAND, "--json")
        assert (tmp_path / ran.document["report"]).is_file()
        assert ran.document["report"] == f"evaluation-sface-{ran.document['measured_on']}{ending}/report.html"


def test_pictures_that_are_not_there(cli: Cli, people: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("probe,reference,mated\nCollins/1.png,x/9.jpg,1\nCollins/1.png,Hopper/1.png,0\n")
    ran = cli("evaluate", "--pairs", pairs, "--images", people)
    assert ran.code == 4
    assert "1 of the 3 pictures of the list are not in" in ran.err
    assert "the first is x/9.jpg" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "one of --protocol, --pairs and --folders is needed"),
        (("--protocol", "lfw", "--folders", "DIR"), "one of --protocol"),
        (("--protocol", "lfw"), "give it with --images"),
        (("--pairs", "pairs.csv"), "give it with --images"),
        (("--protocol", "lfw2", "--images", "DIR"), "there is no protocol 'lfw2'"),
        (("--protocol", "lfw", "--images", "DIR"), "pairs.txt cannot be read"),
        (("--folders", "DIR/Collins"), "non-mated pairs need two"),
        (("--identification",), "give it with --images"),
        (("--identification", "--pairs", "pairs.csv"), "takes no --pairs"),
        (("--identification", "--folders", "DIR", "--gallery-size", "3"), "a gallery of 3 people needs"),
        (("--folders", "DIR", "--attribute", "missing.csv"), "missing.csv cannot be read"),
    ],
)
def test_wrong_usage(cli: Cli, people: Path, options: tuple[str, ...], words: str) -> None:
    ran = cli("evaluate", *(option.replace("DIR", str(people)) for option in options))
    assert ran.code == 2
    assert words in ran.err
