"""``facenet-app data``: packing and checking labelled pictures."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance
from program import Cli

from facenet_app.dataset.pack import open_pack


@pytest.fixture(scope="module")
def people(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people with three pictures each; one file is bad and one shows a wall."""
    root = tmp_path_factory.mktemp("labelled") / "people"
    for name, source in (("Collins", astronaut), ("Hopper", hopper)):
        (root / name).mkdir(parents=True)
        with Image.open(source) as opened:
            picture = opened.convert("RGB")
        picture.resize((256, 256)).save(root / name / "1.png")
        ImageEnhance.Brightness(picture).enhance(0.6).save(root / name / "2.png")
        picture.rotate(10).save(root / name / "3.png")
    (root / "Collins" / "bad.jpg").write_bytes(b"no picture")
    Image.new("RGB", (200, 200), "gray").save(root / "Hopper" / "wall.png")
    return root


def test_prepare(cli: Cli, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "pack"
    ran = cli("data", "prepare", people, "--out", out, "--workers", "1", "--json")
    assert (ran.code, ran.err) == (0, "")
    document = ran.document
    assert (document["images"], document["people"], document["listed"]) == (6, 2, 8)
    assert document["refused_by_code"] == {"no_face": 1, "not_an_image": 1}
    assert [each["path"] for each in document["refused"]] == ["Collins/bad.jpg", "Hopper/wall.png"]
    assert document["alignment"] == "five-point-112"
    pack = open_pack(out)
    assert (pack.people, pack.fingerprint) == (("Collins", "Hopper"), document["fingerprint"])
    again = cli("data", "prepare", people, "--out", out, "--workers", "1")
    assert again.code == 0
    assert "6 pictures of 2 people packed into" in again.out
    assert "0 looked at now" in again.out
    assert "8 were finished before" in again.out
    assert "refused: 1 no_face, 1 not_an_image" in again.out
    assert "Hopper/wall.png (no_face)" in again.out


def test_a_list_of_things(cli: Cli, people: Path, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    rows = [f"{path},{path.parent.name.lower()}" for path in sorted(people.rglob("*.png"))]
    table.write_text("\n".join(["path,label", *rows]))
    ran = cli("data", "prepare", table, "--out", tmp_path / "pack", "--as-is", "64", "--lossless", "--json")
    assert ran.code == 0
    assert (ran.document["images"], ran.document["side"], ran.document["alignment"]) == (7, 64, "as-is")
    assert open_pack(tmp_path / "pack").people == ("collins", "hopper")


def packed(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_killed_run_goes_on_and_ends_the_same(cli: Cli, people: Path, tmp_path: Path) -> None:
    """It is killed as soon as the first shard is there; whatever is done by then, the end is the same."""
    listed = tmp_path / "pictures"
    for number in range(12):
        source = people / ("Collins", "Hopper")[number % 2] / f"{1 + number % 3}.png"
        (listed / source.parent.name).mkdir(parents=True, exist_ok=True)
        (listed / source.parent.name / f"{number:02}.png").write_bytes(source.read_bytes())
    options = ("--shard-size", "2", "--json", "--workers")
    whole = cli("data", "prepare", listed, "--out", tmp_path / "whole", *options, "1")
    assert whole.document["images"] == 12

    out = tmp_path / "killed"
    command = [
        sys.executable,
        "-m",
        "facenet_app.cli.main",
        "data",
        "prepare",
        str(listed),
        "--out",
        str(out),
    ]
    running = subprocess.Popen([*command, *options, "2"], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + 300
        while not (out / "finished" / "000000.json").exists() and running.poll() is None:
            assert time.monotonic() < until, "no shard was finished in five minutes"
            time.sleep(0.002)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    before = len(list((out / "finished").glob("0*.json")))
    assert before >= 1
    ran = cli("data", "prepare", listed, "--out", out, *options, "1")
    assert ran.code == 0
    assert ran.document["finished_before"] >= 2
    assert packed(out) == packed(tmp_path / "whole")
    assert ran.document["fingerprint"] == whole.document["fingerprint"]
    assert json.loads((out / "index.json").read_bytes())["images"] == 12


def test_check(cli: Cli, people: Path, tmp_path: Path) -> None:
    ran = cli("data", "check", people, "--against", people, "--report", tmp_path / "report", "--json")
    assert (ran.code, ran.err) == (0, "")
    document = ran.document
    assert (document["images"], document["people"], document["faces"]) == (8, 2, 6)
    assert document["findings"]["unreadable"] == [{"path": "Collins/bad.jpg", "detail": "not_an_image"}]
    assert document["findings"]["no_face"] == [{"path": "Hopper/wall.png", "detail": ""}]
    assert document["findings"]["label_doubts"] == []
    assert document["leakage"]["people"] == ["Collins", "Hopper"]
    assert document["report"] == str(tmp_path / "report" / "check.html")
    assert (tmp_path / "report" / "check.html").is_file()
    shown = cli("data", "check", people, "--against", people)
    assert shown.code == 0
    assert "8 pictures of 2 people, a face in 6" in shown.out
    assert "  no face: 1" in shown.out
    assert "unreadable: Collins/bad.jpg (not_an_image)" in shown.out
    assert "in both: Hopper" in shown.out


def test_check_of_nothing(cli: Cli, tmp_path: Path) -> None:
    ran = cli("data", "check", tmp_path, "--json")
    assert (ran.code, ran.error_code) == (2, "usage")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("nowhere", "--out", "OUT"), "nowhere is not a folder that can be read"),
        (("PEOPLE",), "missing option '--out'"),
        (("PEOPLE", "--out", "PEOPLE"), "holds other files"),
        (("PEOPLE", "--out", "OUT", "--as-is", "3"), "give 16 to 2048"),
        (("PEOPLE", "--out", "OUT", "--workers", "-1"), "--workers"),
    ],
)
def test_wrong_usage(cli: Cli, people: Path, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    places = {"PEOPLE": str(people), "OUT": str(tmp_path / "out")}
    ran = cli("data", "prepare", *(places.get(option, option) for option in options))
    assert ran.code == 2
    assert words in ran.err
